# What the tests of the comir tool share; they set TOOL and WORK.

# Runs the tool; fails unless it ends with the code and its output matches the pattern, its messages if the code is not 0.
function(expect code pattern)
    execute_process(COMMAND "${TOOL}" ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_VARIABLE output
                    ERROR_VARIABLE messages)
    set(text "${output}")
    if(NOT code STREQUAL "0")
        set(text "${messages}")
    endif()
    if(NOT result MATCHES "^${code}$" OR NOT text MATCHES "${pattern}")
        message(FATAL_ERROR "comir ${ARGN}\nended with ${result}, expected ${code}; expected output: ${pattern}\n"
                            "output: ${output}\nmessages: ${messages}")
    endif()
    set(output "${output}" PARENT_SCOPE)
    set(messages "${messages}" PARENT_SCOPE)
endfunction()
function(expect_files)
    foreach(name IN LISTS ARGN)
        if(NOT EXISTS "${WORK}/${name}")
            message(FATAL_ERROR "there is no ${name}")
        endif()
    endforeach()
endfunction()
# Outputs that failed leave nothing behind, neither under their names nor temporary files.
function(expect_no_files)
    foreach(pattern IN LISTS ARGN)
        file(GLOB found "${WORK}/${pattern}")
        if(found)
            message(FATAL_ERROR "${found} should not be there")
        endif()
    endforeach()
endfunction()
