# Clang 14 takes every header, and a folder of tests made by it passes.
set(options -std=c++20 -march=native -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I${ROOT}/include
    -I${ROOT}/tests)
# Given once more, the compiler's own folder would come before that of its C++ library.
list(REMOVE_ITEM SYSTEM /usr/include)
foreach(include IN LISTS SYSTEM)
    list(APPEND options -isystem ${include})
endforeach()
file(MAKE_DIRECTORY ${WORK})
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT code EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}\n${text}")
    endif()
endfunction()
run(${CLANG} ${options} -fopenmp -DCOMIR_TEST_IO=${IO} -fsyntax-only ${ROOT}/tests/umbrella/a.cpp)
# As one unit: each header is read and each template made once.
file(GLOB sources ${ROOT}/tests/contrastive/*.cpp)
list(TRANSFORM sources REPLACE "(.+)" "#include \"\\1\"\n" OUTPUT_VARIABLE unit)
list(JOIN unit "" unit)
file(WRITE ${WORK}/unit.cpp "${unit}")
# Without OpenMP, which is optional.
run(${CLANG} ${options} -O1 -Wno-shadow -DCOMIR_TEST_DATA="${ROOT}/tests/data" ${ROOT}/tests/support/main.cpp ${WORK}/unit.cpp
    -o ${WORK}/contrastive)
run(${WORK}/contrastive)
