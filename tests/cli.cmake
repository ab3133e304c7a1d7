# Runs the comir tool as a user would: makes pairs, registers and evaluates them, and meets what users get wrong.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DWORK=<folder, emptied> -DVERSION=<x.y.z> [-DGNUPLOT=<program>]
#       -P cli.cmake

cmake_minimum_required(VERSION 3.24)
set(WORK "${WORK}/with spaces")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

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
file(STRINGS "${WORK}/two.csv" rows)
list(GET rows 0 columns)
list(GET rows 1 row)
if(NOT columns MATCHES ",y3,confidence,failure$" OR NOT row MATCHES ",(1|0\\.[0-9]+),$")
    message(FATAL_ERROR "results.csv has the columns ${columns} and the row ${row}, expected a confidence above 0 and no failure last")
endif()
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
# The warped image has the fixed image's size, and a border where the moving image did not reach.
expect(0 "moving +w.png [^\n]+, 96 x 96 px\n(masked [^\n]+ border of colour 0; [^\n]+\n)*(transform [^\n]+\n)?angle +-?0\\.0.*converged  yes" register --fixed w.png --moving w.png
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
    # Other columns stay in their place.
    if(NOT back MATCHES "^name,y,x\na,(10|10\\.0000000|9\\.9999999)[0-9]*,(20|20\\.0000000|19\\.9999999)[0-9]*\nb,")
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
expect(0 "matrix +[0-9.-]+ .*converged  yes\nconfidence [0-9.]+ of 1" register ${pair} --method alpha_amd --transform affine)
expect(0 "angle +-?[0-9.]+ degrees" register ${pair} --method alpha_amd --starts=-20,0,20 --levels 5 --samples 200 --fixed-mask
       "same set/0000_fixed.png" --moving-mask "same set/0000_moving.png")
expect(0 "all +2 " evaluate --pairs "same set/pairs.csv" --limit 2 --method alpha_amd --starts=0 --alpha-levels 3)
expect(1 "^comir: none.png: cannot open[^\n]+\n$" register ${pair} --method alpha_amd --fixed-mask none.png)
expect(1 "^comir: w.png: the mask is 96 x 96 px, its image visible/scene.png [^\n]+; expected the same size\n$" register --method alpha_amd --fixed visible/scene.png
       --moving w.png --fixed-mask w.png)
expect("[1-9][0-9]*" "comir: .*--alpha-levels" register ${pair} --method alpha_amd --levels 0)

# Masks: in a list, or of one pair, for every method.
list(GET lines 2 second)
list(GET lines 0 header)
file(WRITE "${WORK}/same set/masks.csv"
     "${header},fixed_mask,moving_mask\n${first},0000_fixed.png,0000_moving.png\n${second},,\n")
foreach(method auto alpha_amd mi global global_mi)
    expect(0 "all +2 +0 " evaluate --pairs "same set/masks.csv" --method ${method})
endforeach()
expect(0 "converged  yes" register ${pair} --fixed-mask "same set/0000_fixed.png" --moving-mask
       "same set/0000_moving.png")
file(WRITE "${WORK}/same set/wide.csv" "${header},fixed_mask\n${first},../visible/scene.png\n")
set(one_lost "comir: 1 of 1 pairs could not be read, and count as not registered\n$")
expect(3 "^comir: [^:\n]+: same set/../visible/scene.png: the mask is [^\n]+ px, its image same set/0000_fixed.png 96 x 96 px; expected the same size\n${one_lost}"
       evaluate --pairs "same set/wide.csv")
file(WRITE "${WORK}/same set/unmasked.csv" "${header},moving_mask\n${first},none.png\n")
expect(3 "^comir: [^:\n]+: same set/none.png: cannot open[^\n]+\n${one_lost}" evaluate --pairs "same set/unmasked.csv")

# SIFT with a picture of its matches; global searches within limits, which hold.
expect(0 "^1 pairs" make-pairs --a visible/ --b "copy of visible" --out large --size 220 --count 1)
expect(0 "sift, less is better.*converged  yes" register --fixed large/0000_fixed.png --moving large/0000_moving.png --method
       sift --matches m.png)
expect(0 "fixed +m.png [^\n]+, 444 x 220 px" register --fixed m.png --moving m.png --method global)
foreach(method auto global)
    expect(0 "angle +-?[0-9.]+ degrees.*converged  yes" register ${pair} --method ${method} --max-angle 10 --max-shift
           12,12)
endforeach()
# Limits that leave out the true place.
expect(0 "angle +(8[0-9]|9[0-9]|100)\\.[0-9]+ degrees" register ${pair} --method global --angle 90 --max-angle 10)
expect(0 "shift +-?[0-2]\\.[0-9]+ px to the right, -?[0-2]\\.[0-9]+ px down" register ${pair} --method global --max-shift 1)
expect(0 "all +2 " evaluate --pairs "same set/pairs.csv" --limit 2 --method auto --max-angle 20)
expect(1 "^comir: --max-angle: this option is of the methods auto, global, global_mi, the method given is alpha_amd\n$"
       register ${pair} --method alpha_amd --max-angle 10)
expect(1 "^comir: --matches: this option is of the method sift, [^\n]+\n$" register ${pair} --matches x.png)
expect(1 "^comir: --alpha-levels: this option is of the method alpha_amd, [^\n]+\n$" register ${pair} --method auto --levels 5)
expect(1 "^comir: --matches: x.tif: [^\n]+\n$" register ${pair} --method sift --matches x.tif)
expect("[1-9][0-9]*" "comir: .*--max-shift" register ${pair} --method auto --max-shift 0)
expect("[1-9][0-9]*" "comir: .*--max-angle" register ${pair} --method auto --max-angle 190)

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
expect(3 "^comir: [^:\n]+: same set/gone.png: cannot open[^\n]+\n${one_lost}" evaluate --pairs "same set/lost.csv")
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
expect(1 "^comir: --out: w.png is read as well[^\n]+\n$" warp --transform t.tfm --moving w.png --fixed visible/scene.png --out
       w.png)
expect(1 "^comir: --overlay: w.png is read as well[^\n]+\n$" register --fixed w.png --moving visible/scene.png --overlay w.png)
expect(1 "^comir: --overlay: ./x.png is the file of --out-image[^\n]+\n$" register --fixed w.png --moving w.png --out-image x.png
       --overlay ./x.png)
expect(1 "^comir: --out: same set/pairs.csv is read as well[^\n]+\n$" evaluate --pairs "same set/pairs.csv" --out
       "same set/pairs.csv")
expect(1 "^comir: --out: visible is read as well[^\n]+\n$" make-pairs --a visible --b "copy of visible" --out visible)
string(FIND "${first}" "," comma)
string(SUBSTRING "${first}" ${comma} -1 rest)  # all but the pair's name
file(WRITE "${WORK}/same set/names.csv" "${header}\n../x${rest}\n")
expect(1 "^comir: same set/names.csv: a pair is called '../x'[^\n]+\n$" evaluate --pairs "same set/names.csv" --pictures x)
file(WRITE "${WORK}/same set/names.csv" "${header}\n${first}\n${first}\n")
expect(1 "^comir: same set/names.csv: two pairs are called[^\n]+\n$" evaluate --pairs "same set/names.csv" --pictures x)
file(WRITE "${WORK}/same set/names.csv" "${header}\n0000_fixed${rest}\n")
expect(1 "^comir: --pictures: same set/0000_fixed.png is an image of the list[^\n]+\n$" evaluate --pairs
       "same set/names.csv" --pictures "same set")
expect("[1-9][0-9]*" "comir: .*--count.*'-1' is not a whole number" make-pairs --a visible --b "copy of visible" --out x
       --count -1)
expect("[1-9][0-9]*" "comir: .*--max-angle.*'nan' is not a number" register --fixed w.png --moving w.png --max-angle nan)
# A pair that cannot be read is told and listed, and those after it are registered.
file(WRITE "${WORK}/same set/early.csv" "${header}\n${lost}\n${second}\n")
expect(3 "^comir: [^:\n]+: same set/gone.png: cannot open[^\n]+\ncomir: 1 of 2 pairs [^\n]+\n$" evaluate --pairs "same set/early.csv" --out early_results.csv)
file(STRINGS "${WORK}/early_results.csv" rows)
list(LENGTH rows count)
list(GET rows 1 bad)
list(GET rows 2 good)
if(NOT count EQUAL 3 OR NOT bad MATCHES ",0,[^\n]*gone.png: cannot open" OR NOT good MATCHES ",1,.*,(1|0\\.[0-9]+),$")
    message(FATAL_ERROR "early_results.csv is ${rows}, expected a lost and a registered pair")
endif()
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
