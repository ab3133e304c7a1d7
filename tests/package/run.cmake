# Installs comir into a folder of its own, then configures, builds and runs a separate project that uses it.
# Call: cmake -DBUILD=<comir's build> -DWORK=<folder, emptied> -DVERSION=<x.y.z> -DCOMPILER=<c++> -DGENERATOR=<name>
#       -P run.cmake

cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/run)

function(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK}/run COMMAND_ERROR_IS_FATAL ANY)
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${WORK}/prefix -DEXPECTED_VERSION=${VERSION}
    -DCMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON)
run(${CMAKE_COMMAND} --build ${WORK}/build)

# The consumer must have seen the installed headers, not the ones of the repository.
file(STRINGS ${WORK}/build/CMakeCache.txt found REGEX "^comir_DIR:")
if(NOT found MATCHES "=${WORK}/prefix/")
    message(FATAL_ERROR "the consumer used ${found}, expected the package in ${WORK}/prefix")
endif()
file(GLOB programs ${WORK}/build/consumer ${WORK}/build/consumer_io)
if(NOT programs)
    message(FATAL_ERROR "no program was built in ${WORK}/build")
endif()
foreach(program IN LISTS programs)
    run(${program})
endforeach()
