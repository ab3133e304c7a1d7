# Runs the comir tool as a user would: makes pairs, registers and evaluates them, and meets what users get wrong.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DWORK=<folder, emptied> -DVERSION=<x.y.z> [-DGNUPLOT=<program>]
#       -P cli.cmake

cmake_minimum_required(VERSION 3.24)
set(WORK "${WORK}/with spaces")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

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

expect(0 "^comir ${VERSION} \\([a-z0-9_.]+\\)" --version)
foreach(command register evaluate make-pairs)
    expect(0 "--seed" ${command} --help)
endforeach()

# Twice the same image: the registration must find nearly all pairs, and says so.
file(COPY "${DATA}/visible" DESTINATION "${WORK}")
file(COPY "${DATA}/visible/scene.png" DESTINATION "${WORK}/copy of visible")
set(small --size 96 --max-angle 8 --max-shift 0.06)
expect(0 "^6 pairs of 1 scenes in same set/pairs.csv" make-pairs --a visible/ --b "copy of visible" --out "same set"
       ${small} --count 6)
file(STRINGS "${WORK}/same set/pairs.csv" lines)
list(LENGTH lines count)
list(GET lines 1 first)
if(NOT count EQUAL 7 OR NOT first MATCHES ",visible,copy of visible,96,")
    message(FATAL_ERROR "pairs.csv has ${count} lines, the first pair is: ${first}")
endif()
expect_files("same set/0000_fixed.png" "same set/0005_moving.png")
set(outputs --out results.csv --json summary.json)
if(GNUPLOT)
    list(APPEND outputs --plot curve.png)
endif()
expect(0 "visible to copy of visible +3 +0 .*\nall +6 +0 " evaluate --pairs "same set/pairs.csv" ${outputs} --threads 1)
file(READ "${WORK}/summary.json" summary)
string(JSON share GET "${summary}" success_2pct)
string(JSON pairs GET "${summary}" by_direction "copy of visible to visible" pairs)
if(share LESS 0.8 OR NOT pairs EQUAL 3)
    message(FATAL_ERROR "${share} of the pairs were registered, ${pairs} in one direction, expected 0.8 or more and 3")
endif()
if(GNUPLOT)
    expect_files(curve.png)
endif()

# The results but for the seconds do not depend on the number of threads.
expect(0 "all" evaluate --pairs "same set/pairs.csv" --out two.csv --threads 2)
foreach(name results two)
    file(READ "${WORK}/${name}.csv" content)
    string(REGEX REPLACE "\n([^,]*,[^,]*,[^,]*),[^,]*" "\n\\1" ${name} "${content}")
endforeach()
if(NOT results STREQUAL two)
    message(FATAL_ERROR "one thread gave\n${results}\ntwo gave\n${two}")
endif()
expect(0 "all +2 " evaluate --pairs "same set/pairs.csv" --limit 2)

# One pair: the transform's angle is that of the list with the other sign, since lists go from moving to fixed.
foreach(extension tfm txt json)
    expect(0 "angle +-?[0-9.]+ degrees.*converged  yes" register --fixed "same set/0000_fixed.png" --moving
           "same set/0000_moving.png" --out-transform "t.${extension}" --out-image w.png --overlay o.png)
endforeach()
expect_files(t.tfm t.txt t.json w.png o.png)
string(REGEX REPLACE ".*\nangle +(-?[0-9]+)\\..*" "\\1" angle "${output}")
string(REPLACE "," ";" fields "${first}")
list(GET fields 6 truth)
string(REGEX REPLACE "\\..*" "" truth "${truth}")
math(EXPR difference "${angle} + ${truth}")
if(difference LESS -1 OR difference GREATER 1)
    message(FATAL_ERROR "the angle is ${angle} degrees, the list says ${truth}")
endif()
file(READ "${WORK}/t.json" transform)
string(JSON name GET "${transform}" comir_transform)
if(NOT name STREQUAL rigid2)
    message(FATAL_ERROR "the transform is a ${name}, expected rigid2")
endif()
# The warped image has the fixed image's size.
expect(0 "moving +w.png [^\n]+, 96 x 96 px\nangle +-?0\\.0.*converged  yes" register --fixed w.png --moving w.png
       --out-image again.tif)
expect_files(again.tif)

# Saved transforms apply to images and to points, there and back, whatever the format.
foreach(extension tfm txt json)
    expect(0 "^$" warp --transform t.${extension} --moving "same set/0000_moving.png" --fixed "same set/0000_fixed.png"
           --out warped_${extension}.png)
    file(SHA256 "${WORK}/warped_${extension}.png" sum)
    file(SHA256 "${WORK}/w.png" expected)
    if(NOT sum STREQUAL expected)
        message(FATAL_ERROR "warp by t.${extension} differs from register --out-image")
    endif()
    file(WRITE "${WORK}/points.csv" "name,y,x\na,10,20\nb,30.5,-2\n")
    expect(0 "^2 points from the fixed image to the moving one" points --transform t.${extension} --points points.csv
           --out there.csv)
    expect(0 "^2 points from the moving image" points --transform t.${extension} --points there.csv --out back.csv
           --inverse)
    file(READ "${WORK}/back.csv" back)
    if(NOT back MATCHES "^x,y\n(20|20\\.0000000|19\\.9999999)[0-9]*,(10|10\\.0000000|9\\.9999999)[0-9]*\n")
        message(FATAL_ERROR "points there and back are ${back}")
    endif()
endforeach()
expect(1 "^comir: w.png: not a transform file[^\n]+\n$" warp --transform w.png --moving w.png --fixed w.png --out x.png)
expect(1 "^comir: --out: x.bmp: [^\n]+\n$" warp --transform t.tfm --moving w.png --fixed w.png --out x.bmp)
expect(1 "^comir: pairs.csv: cannot open[^\n]+\n$" points --transform t.tfm --points pairs.csv --out x.csv)
expect(1 "^comir: none.tfm: cannot open[^\n]+\n$" points --transform none.tfm --points
       there.csv --out x.csv)
file(WRITE "${WORK}/flat.csv" "x,y\n1,two\n")
expect(1 "^comir: flat.csv: line 2: the value of 'y' is 'two'[^\n]+\n$" points --transform t.tfm --points flat.csv --out
       x.csv)

# alpha-AMD with its options: other transforms, starts, levels, points, masks.
set(pair --fixed "same set/0000_fixed.png" --moving "same set/0000_moving.png")
expect(0 "matrix +[0-9.-]+ .*converged  yes\nconfidence [0-9.]+ of 1" register ${pair} --transform affine)
expect(0 "angle +-?[0-9.]+ degrees" register ${pair} --starts=-20,0,20 --levels 5 --samples 200 --fixed-mask
       "same set/0000_fixed.png" --moving-mask "same set/0000_moving.png")
expect(0 "all +2 " evaluate --pairs "same set/pairs.csv" --limit 2 --starts=0 --levels 3)
expect(1 "^comir: none.png: cannot open[^\n]+\n$" register ${pair} --fixed-mask none.png)
expect(1 "^comir: the mask is 1 x 96 x 96, expected 1 x [^\n]+\n$" register --fixed visible/scene.png --moving w.png
       --fixed-mask w.png)
expect("[1-9][0-9]*" "comir: .*--levels" register ${pair} --levels 0)

# Two modalities, and parts of the scenes in shares and in pixels.
expect(0 "^2 pairs" make-pairs --a visible --b "${DATA}/infrared" --out pixels ${small} --count 2 --region 0,180,349,172)
expect(0 "^2 pairs" make-pairs --a visible --b "${DATA}/infrared" --out shares ${small} --count 2 --region 0,0.5,1,0.5
       --a-modality rgb --b-modality nir)
expect(0 "rgb to nir +1 " evaluate --pairs shares/pairs.csv)

# What users get wrong.
expect(1 "^comir: none.png: cannot open: [^\n]+\n$" register --fixed none.png --moving w.png --out-transform x.tfm)
expect(1 "^comir: results.csv: neither a PNG[^\n]+\n$" register --fixed results.csv --moving w.png --overlay x.png)
expect(1 "^comir: --out-transform: x.xml: [^\n]+\n$" register --fixed w.png --moving w.png --out-transform x.xml)
expect(1 "^comir: --out-image: missing/x.png: cannot create[^\n]+\n$" register --fixed w.png --moving w.png --out-image
       missing/x.png)
expect(1 "^comir: none.csv: cannot open[^\n]+\n$" evaluate --pairs none.csv --out x.csv)
expect(1 "^comir: --json: missing/x.json: cannot create[^\n]+\n$" evaluate --pairs "same set/pairs.csv" --out x.csv
       --json missing/x.json)
file(WRITE "${WORK}/bad.csv" "pair,fixed\na,b\n")
expect(1 "^comir: bad.csv: line 1 has no column 'moving'[^\n]+\n$" evaluate --pairs bad.csv --out x.csv)
list(GET lines 0 header)
string(REPLACE "0000_moving" "gone" lost "${first}")
file(WRITE "${WORK}/same set/lost.csv" "${header}\n${lost}\n")
expect(1 "^comir: same set/gone.png: cannot open[^\n]+\n$" evaluate --pairs "same set/lost.csv" --out x.csv)
file(WRITE "${WORK}/empty.csv" "${header}\n")
expect(1 "^comir: empty.csv: the list has no pairs[^\n]+\n$" evaluate --pairs empty.csv --out x.csv)
expect(1 "^comir: --out: results.csv/x: [^\n]+ is no folder\n$" make-pairs --a visible --b "copy of visible" --out
       results.csv/x)
expect(1 "^comir: none: cannot read the folder[^\n]+\n$" make-pairs --a none --b visible --out x)
expect(1 "^comir: both modalities are named 'visible'[^\n]+\n$" make-pairs --a visible --b visible --out x)
expect(1 "^comir: --region is '1,2,3'[^\n]+\n$" make-pairs --a visible --b "copy of visible" --out x --region 1,2,3)
expect(1 "^comir: --region 0,0,900,9 reaches beyond[^\n]+\n$" make-pairs --a visible --b "copy of visible" --out x
       --region 0,0,900,9)
expect(1 "^comir: [^\n]+ size_px of at most [0-9]+\n$" make-pairs --a visible --b "copy of visible" --out x --size 340)
expect("[1-9][0-9]*" "comir: .*--method" evaluate --pairs "same set/pairs.csv" --method guess)
expect("[1-9][0-9]*" "comir: .*--moving" register --fixed w.png)
expect("[1-9][0-9]*" "comir: .*subcommand" --threads 2)
expect_no_files(x x.* .comir-* "same set/.comir-*" missing)

# Ctrl-C: the tool stops soon, says so, and what it leaves behind can be used.
# Without --foreground the signal may come twice, and the second one ends the tool at once.
find_program(TIMEOUT timeout)
if(TIMEOUT)
    execute_process(COMMAND "${TIMEOUT}" --foreground --preserve-status -s INT 1 "${TOOL}" make-pairs --a visible --b "copy of visible"
                    --out "stopped set" --size 96 --count 1000000 WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result
                    ERROR_VARIABLE messages)
    if(NOT result EQUAL 130 OR NOT messages STREQUAL "comir: interrupted\n")
        message(FATAL_ERROR "an interrupted make-pairs ended with ${result}, expected 130; messages: ${messages}")
    endif()
    expect(0 "all +1 " evaluate --pairs "stopped set/pairs.csv" --limit 1)
endif()
