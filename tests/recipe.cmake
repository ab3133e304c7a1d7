# The README's program trains by the library's recipe: the same bits as the tool's defaults, and the same registrations.
# Call: cmake -DTOOL=<comir> -DPROGRAM=<the README's program> -DDATA=<examples/data> -DWORK=<folder, emptied> -P recipe.cmake

cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

set(pair --a "${DATA}/visible" --b "${DATA}/infrared")
expect(0 "2 pairs" make-pairs ${pair} --region 0.5,0,0.5,1 --size 96 --count 2 --max-angle 30 --max-shift 0.12 --out pairs)
expect(0 "2 steps of 12 patches of 112 px" train ${pair} --part 0.5 --steps 2 --out tool.safetensors)
execute_process(COMMAND "${PROGRAM}" "${DATA}" 2 program.safetensors pairs/pairs.csv WORKING_DIRECTORY "${WORK}"
                RESULT_VARIABLE result OUTPUT_VARIABLE registered ERROR_VARIABLE messages)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "the program ended with ${result}: ${messages}")
endif()

# What the models are, but for the version that wrote them, and behind the header of a file all its tensors.
foreach(model tool program)
    expect(0 "" info ${model}.safetensors)
    set(${model}_info "${output}")
    file(READ "${WORK}/${model}.safetensors" length LIMIT 8 HEX)
    string(REGEX REPLACE "^(..)(..)(..)(..)0+$" "0x\\4\\3\\2\\1" length "${length}")
    math(EXPR offset "${length} + 8")
    file(READ "${WORK}/${model}.safetensors" tensors OFFSET ${offset} HEX)
    string(LENGTH "${tensors}" ${model}_digits)
    string(SHA256 ${model}_tensors "${tensors}")
endforeach()
if(NOT tool_info STREQUAL program_info)
    message(FATAL_ERROR "the program's model is another one.\ntool:\n${tool_info}program:\n${program_info}")
endif()
# Two networks of 164,888 and 164,600 parameters of 4 bytes, two digits a byte.
if(tool_digits LESS 2600000 OR NOT tool_tensors STREQUAL program_tensors)
    message(FATAL_ERROR "the program's tensors are not the tool's")
endif()

# The program looks for rotations and shifts only.
expect(0 "all +2 " evaluate --pairs pairs/pairs.csv --model tool.safetensors --out results.csv --transform rigid --scale 1
       --mirror no)
file(READ "${WORK}/results.csv" results)
string(REGEX MATCHALL "[^\n]+_visible_infrared: [^\n]+" lines "${registered}")
list(LENGTH lines count)
if(count EQUAL 0)
    message(FATAL_ERROR "the program registered no pair: ${registered}")
endif()
foreach(line IN LISTS lines)
    string(REGEX MATCH "^([^:]+): (.+)$" line "${line}")
    if(NOT results MATCHES "${CMAKE_MATCH_1},[^\n]*,${CMAKE_MATCH_2},")
        message(FATAL_ERROR "the program found ${line}, the tool:\n${results}")
    endif()
endforeach()
