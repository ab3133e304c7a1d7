# Fails if a header outside io/, dataset/ and evaluation/ has code with exceptions or RTTI, or reaches for files or the console.
# Compiling does not find that: GCC passes over templates that nothing instantiates.
# Call: cmake -DROOT=<repository> -P words.cmake

cmake_minimum_required(VERSION 3.24)
get_filename_component(ROOT ${ROOT} ABSOLUTE)
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include/comir ${ROOT}/include/comir/*.hpp)
list(FILTER headers EXCLUDE REGEX "^(io|dataset|evaluation)/")
set(words throw try catch dynamic_cast typeid printf cout cerr fopen exit)
set(streams iostream fstream filesystem cstdio print)
list(JOIN words "|" words)
list(JOIN streams "|" streams)

set(errors 0)
foreach(header IN LISTS headers)
    file(READ ${ROOT}/include/comir/${header} code)
    # What stands behind the guard, comments and strings are free; brackets and semicolons would confuse CMake's lists.
    string(REGEX REPLACE "\n#if defined\\(__cpp_exceptions\\)\n[^#]*\n#" "\n#" code "${code}")
    string(REGEX REPLACE "//[^\n]*" "" code "${code}")
    string(REGEX REPLACE "\"([^\"\\\n]|\\\\.)*\"" "" code "${code}")
    string(REGEX REPLACE "[][;]" " " code "${code}")
    string(REGEX MATCHALL "[^\n]+" lines "${code}")
    foreach(line IN LISTS lines)
        if(line MATCHES "(^|[^A-Za-z0-9_])(${words})([^A-Za-z0-9_]|$)" OR line MATCHES "#include <(${streams})>")
            message("${header}: ${line}")
            math(EXPR errors "${errors} + 1")
        endif()
    endforeach()
endforeach()
if(errors GREATER 0)
    message(FATAL_ERROR "${errors} lines are not for embedded programs: raise errors by require() and fail(), and keep "
                        "files and output in io/, dataset/ and evaluation/")
endif()
