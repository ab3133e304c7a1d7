# Fails unless Universal Ctags, which editors and code browsers use, sees through the inline namespace: it must list the
# definitions that the headers are read for, and at least one in every header that defines a type or a function.
# Call: cmake -DROOT=<repository> -DCTAGS=<program> -P ctags.cmake

cmake_minimum_required(VERSION 3.24)
set(version "no ctags")
if(CTAGS)
    execute_process(COMMAND ${CTAGS} --version OUTPUT_VARIABLE version ERROR_VARIABLE version)
    string(REGEX REPLACE "\n.*" "" version "${version}")
endif()
if(NOT version MATCHES "Universal Ctags")
    message("skipped: needs Universal Ctags, found: ${version}")
    return()
endif()
file(GLOB_RECURSE headers RELATIVE ${ROOT} ${ROOT}/include/comir/*.hpp)
execute_process(COMMAND ${CTAGS} --languages=C++ --language-force=C++ --kinds-C++=cfgstv --fields=+k -f - ${headers}
                WORKING_DIRECTORY ${ROOT} OUTPUT_VARIABLE tags COMMAND_ERROR_IS_FATAL ANY)
string(PREPEND tags "\n")

set(errors 0)
foreach(name image tensor rigid2 dense_unet trainer register_auto)
    if(NOT tags MATCHES "\n${name}\t")
        message("ctags does not list ${name}")
        math(EXPR errors "${errors} + 1")
    endif()
endforeach()
foreach(header IN LISTS headers)
    file(READ ${ROOT}/${header} text)
    # Names that ctags invents for lambdas begin with two underscores.
    if(text MATCHES "\n(struct|class|enum class|inline|void) " AND NOT tags MATCHES "\n[^_\n][^\t\n]*\t${header}\t")
        message("ctags lists no definition in ${header}")
        math(EXPR errors "${errors} + 1")
    endif()
endforeach()
if(errors GREATER 0)
    message(FATAL_ERROR "write: namespace comir { inline namespace COMIR_ABI {")
endif()
list(LENGTH headers count)
message("ctags lists the definitions of ${count} headers")
