# The README's program is the region between the two "// [program]" lines of examples/readme.cpp.
# Call: cmake -DROOT=<repository> -P readme.cmake

cmake_minimum_required(VERSION 3.24)
file(READ "${ROOT}/examples/readme.cpp" example)
file(READ "${ROOT}/README.md" readme)
string(REGEX MATCH "// \\[program\\]\n(.*)// \\[program\\]" region "${example}")
string(STRIP "${CMAKE_MATCH_1}" program)
string(FIND "${readme}" "```cpp\n${program}\n```" place)
if(program STREQUAL "" OR place EQUAL -1)
    message(FATAL_ERROR "README.md does not hold the program of examples/readme.cpp:\n${program}")
endif()
