# Builds the reference in WORK/html. Fails if Doxygen warns: each public type, function and constant of the namespace
# needs its block; members are free to go without.
# Call: cmake -DROOT=<repository> -DWORK=<folder> -DDOXYGEN=<program> -DVERSION=<x.y.z> -P reference.cmake

cmake_minimum_required(VERSION 3.24)
if(NOT DOXYGEN)
    message("skipped: needs doxygen")
    return()
endif()
file(MAKE_DIRECTORY ${WORK})
file(WRITE ${WORK}/Doxyfile "@INCLUDE = \"${ROOT}/docs/Doxyfile\"\nOUTPUT_DIRECTORY = \"${WORK}\"\n"
     "PROJECT_NUMBER = ${VERSION}\nWARN_LOGFILE = \"${WORK}/warnings.txt\"\n")
execute_process(COMMAND ${DOXYGEN} ${WORK}/Doxyfile WORKING_DIRECTORY ${ROOT} COMMAND_ERROR_IS_FATAL ANY)
file(READ ${WORK}/warnings.txt warnings)
string(REPLACE "${ROOT}/" "" warnings "${warnings}")
string(REGEX REPLACE "[^\n]*Member [^\n]* of (struct|class|union) [^\n]* is not documented\\.\n" "" warnings "${warnings}")
if(NOT warnings STREQUAL "")
    message("${warnings}")
    message(FATAL_ERROR "the reference has warnings")
endif()
message("the reference is ${WORK}/html/index.html")
