# find_package(dnnl), but where oneDNN is built for OpenCL only with OpenCL's headers: its package file asks for them as
# required, and an optional package would end the configuration. Debian's libdnnl-dev only recommends them.

# No file is of that version, so that the package files are listed and none is run.
find_package(dnnl 9999 QUIET)
set(onednn_needs_opencl FALSE)
foreach(file IN LISTS dnnl_CONSIDERED_CONFIGS)
    file(STRINGS ${file} opencl REGEX "^set\\(DNNL_GPU_RUNTIME \"OCL\"\\)")
    if(opencl)
        set(onednn_needs_opencl TRUE)
    endif()
endforeach()
if(onednn_needs_opencl)
    find_package(OpenCL QUIET)
endif()
if(onednn_needs_opencl AND NOT OpenCL_FOUND)
    message(STATUS "comir: oneDNN needs OpenCL's headers (Debian: ocl-icd-opencl-dev), no benchmarks of it")
else()
    find_package(dnnl QUIET)
endif()
