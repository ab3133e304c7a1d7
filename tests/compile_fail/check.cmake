# Passes if SOURCE fails to compile, the first error holds the sentence of its first line, `// expect: ...`, and there
# are at most three errors.
# Call: cmake -DCOMPILER=<path> -DSOURCE=<file> -DINCLUDES=<folder|folder...> -P check.cmake

file(STRINGS ${SOURCE} expect LIMIT_COUNT 1 REGEX "^// expect: ")
string(REPLACE "// expect: " "" expect "${expect}")
if(expect STREQUAL "")
    message(FATAL_ERROR "${SOURCE} has no line `// expect: sentence`")
endif()

string(REPLACE "|" ";" folders "${INCLUDES}")
set(flags)
foreach(folder IN LISTS folders)
    if(folder)
        list(APPEND flags -I${folder})
    endif()
endforeach()
# Uncut lines, in English.
set(ENV{LC_ALL} C)
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${flags} ${SOURCE}
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} compiles, but must not")
endif()

string(REPLACE ";" "," output "${output}")
string(REGEX MATCHALL "[^\n]*error:[^\n]*" errors "${output}")
list(LENGTH errors count)
if(count EQUAL 0)
    message(FATAL_ERROR "the compiler failed without an error:\n${output}")
endif()
list(GET errors 0 first)
string(FIND "${first}" "${expect}" found)
if(found EQUAL -1)
    message(FATAL_ERROR "the first error is not the expected sentence:\n${first}\nexpected: ${expect}\n${output}")
endif()
if(count GREATER 3)
    message(FATAL_ERROR "${count} errors, expected at most 3:\n${output}")
endif()
message("${count} errors, the first: ${first}")
