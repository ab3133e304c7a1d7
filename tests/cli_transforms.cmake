# Saved transforms of other programs, chains and bends, applied by the comir tool: points, images, pages, canvases.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DIMAGES=<tests/data/io> -DWORK=<folder, emptied>
#       -P cli_transforms.cmake

cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}/moved")

include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

# Fails unless the mapped points' x and y, which stand in the last two columns, are these to about 1e-6.
function(expect_points name)
    file(STRINGS "${WORK}/${name}" lines)
    list(POP_FRONT lines)
    foreach(expected IN LISTS ARGN)
        list(POP_FRONT lines line)
        string(REPLACE "," "[0-9]*," expected "${expected}")
        if(NOT line MATCHES "^${expected}[0-9]*$")
            message(FATAL_ERROR "${name} has the line ${line}, expected ${expected}")
        endif()
    endforeach()
endfunction()

# Chains: a composite of one and of two (the last part first), elastix's (the initial file first) and ANTs' are covered
# with worked numbers in tests/io; here is what a user does with them.
set(euler "Transform: Euler2DTransform_double_2_2\nParameters: 0.2 3 -4\nFixedParameters: 127.5 127.5\n")
set(affine "Transform: AffineTransform_double_2_2\nParameters: 1.1 0.02 -0.01 0.95 2 1\nFixedParameters: 127.5 127.5\n")
set(composite "#Insight Transform File V1.0\n#Transform 0\nTransform: CompositeTransform_double_2_2\nParameters:\nFixedParameters:\n")
file(WRITE "${WORK}/one.tfm" "${composite}#Transform 1\n${euler}")
file(WRITE "${WORK}/two.tfm" "${composite}#Transform 1\n${euler}#Transform 2\n${affine}")
file(WRITE "${WORK}/list.txt" "#Insight Transform File V1.0\n#Transform 0\n${euler}#Transform 1\n${affine}")
file(WRITE "${WORK}/points.csv" "id,label,x,y\n7,\"a, b\",0,0\n8,b,100,50\n")
expect(0 "^2 points from the fixed image" points --transform one.tfm --points points.csv --out o.csv)
expect_points(o.csv "7,\"a, b\",30\\.871851,-26\\.788828" "8,b,118\\.945042,42\\.081433")
expect(0 "^2 points" points --transform two.tfm --points points.csv --out o.csv)
expect_points(o.csv "7,\"a, b\",16\\.118475,-20\\.953554" "8,b,115\\.667742,46\\.671837")
expect(1 "^comir: list.txt: the file has 2 separate transforms and does not say that they belong together; put [^\n]+ before them[^\n]+\n$"
       points --transform list.txt --points points.csv --out x.csv)
function(elastix name kind parameters initial)
    file(WRITE "${WORK}/${name}"
         "(Transform \"${kind}\")\n(TransformParameters ${parameters})\n(InitialTransformParametersFileName \"${initial}\")\n"
         "(HowToCombineTransforms \"Compose\")\n(FixedImageDimension 2)\n(MovingImageDimension 2)\n"
         "(CenterOfRotationPoint 127.5 127.5)\n")
endfunction()
elastix(moved/T.0.txt EulerTransform "0.2 3 -4" NoInitialTransform)
elastix(moved/T.1.txt AffineTransform "1.1 0.02 -0.01 0.95 2 1" /nowhere/T.0.txt)
expect(0 "^2 points" points --transform moved/T.1.txt --points points.csv --out o.csv)
expect_points(o.csv "7,\"a, b\",20\\.123259,-17\\.108105" "8,b,118\\.381175,47\\.437911")
if(NOT messages MATCHES "^comir: moved/T.1.txt: the file that it names, /nowhere/T.0.txt, is not there; that beside it is read")
    message(FATAL_ERROR "nothing was said of the chain's first file: ${messages}")
endif()
file(REMOVE "${WORK}/moved/T.0.txt")
expect(1 "^comir: moved/T.1.txt: the file that it names, /nowhere/T.0.txt, is neither [^\n]+\n$" points --transform
       moved/T.1.txt --points points.csv --out x.csv)
file(WRITE "${WORK}/t.h5" "text")
expect(1 "^comir: t.h5: not a transform file of comir, ITK, elastix or ANTs\n$" points --transform t.h5 --points points.csv
       --out x.csv)

# A bend: ITK's cubic B-spline of 5 x 4 control points, c_k = 0.1 k. There and back, with a bound where it is searched.
set(numbers "")
foreach(k RANGE 39)
    math(EXPR whole "${k} / 10")
    math(EXPR tenth "${k} % 10")
    string(APPEND numbers " ${whole}.${tenth}")
endforeach()
file(WRITE "${WORK}/spline.tfm"
     "#Insight Transform File V1.0\n#Transform 0\nTransform: BSplineTransform_double_2_2\nParameters:${numbers}\n"
     "FixedParameters: 5 4 8 17 2 3 1 0 0 1\n")
file(WRITE "${WORK}/inside.csv" "x,y\n11,21.5\n13.5,22\n9.99,20\n")
expect(0 "^3 points" points --transform spline.tfm --points inside.csv --out o.csv)
expect_points(o.csv "11\\.(9|8999999),24\\.(4|3999999)" "14\\.608333,25\\.108333" "9\\.99,20")
if(NOT messages MATCHES "1 of 3 points lie beyond the region that the transform bends, the first of them in line 4")
    message(FATAL_ERROR "nothing was said of the point beyond the bend: ${messages}")
endif()
file(WRITE "${WORK}/back.csv" "x,y,note\n11.9,24.4,inside\n10.02,20.5,in the gap\n50,50,beyond\n")
expect(0 "^3 points from the moving image" points --transform spline.tfm --points back.csv --out o.csv --inverse)
file(STRINGS "${WORK}/o.csv" lines)
if(NOT lines MATCHES "^x,y,note,error_px;(11|10\\.99999999)[0-9.]*,21\\.(5|49999999)[0-9]*,inside,[0-9.]+(e-[0-9]+)?;[^;]+,in the gap,[^;]+;50,50,beyond,0$")
    message(FATAL_ERROR "the inverse is ${lines}")
endif()
if(NOT messages MATCHES "the transform maps nothing to 1 of 3 points, the first of them in line 3")
    message(FATAL_ERROR "nothing was said of the point that has no inverse: ${messages}")
endif()
expect(1 "^comir: o.csv: the table has a column error_px[^\n]+\n$" points --transform spline.tfm --points o.csv --out x.csv
       --inverse)

# Images under a chain; both names of the larger canvas; where it begins stands in the file, which is read back.
file(COPY "${DATA}/visible/scene.png" DESTINATION "${WORK}")
set(scene --moving scene.png --fixed scene.png)
expect(0 "^$" warp --transform spline.tfm ${scene} --out bent.png)
if(NOT messages MATCHES "parts of the warped image lie beyond the region that the transform bends")
    message(FATAL_ERROR "nothing was said of what lies beyond the bend: ${messages}")
endif()
expect(0 "^$" warp --transform two.tfm ${scene} --out two.png --fill edge)
file(WRITE "${WORK}/turn.json" "{\"comir_transform\":\"rigid2\",\"parameters\":[-0.5235987755982988,0,0],\"centre\":[174,175.5]}")
foreach(canvas union both)
    expect(0 "^canvas +[0-9]+ x [0-9]+ px, begins at \\(-[0-9]+, -[0-9]+\\) of the fixed image\n$" warp --transform
           turn.json ${scene} --out ${canvas}.tif --canvas ${canvas} --fill white)
    file(SHA256 "${WORK}/${canvas}.tif" sum_${canvas})
endforeach()
if(NOT sum_union STREQUAL sum_both)
    message(FATAL_ERROR "the canvases union and both differ")
endif()
string(REGEX MATCH "begins at \\(-([0-9]+), -([0-9]+)\\)" ignored "${output}")
file(STRINGS "${WORK}/union.tif" description REGEX "origin=" LENGTH_MINIMUM 5)
if(NOT description MATCHES "xorigin=${CMAKE_MATCH_1}" OR NOT description MATCHES "yorigin=${CMAKE_MATCH_2}")
    message(FATAL_ERROR "the file says ${description}, the tool ${output}")
endif()
expect("[1-9][0-9]*" "--canvas: all not in {fixed,union}" warp --transform turn.json ${scene} --out x.png --canvas all)
expect(0 "fixed\\|?.*union" warp --help)
if(output MATCHES "both: ")
    message(FATAL_ERROR "the help shows a former name: ${output}")
endif()

expect(0 "^$" warp --transform turn.json ${scene} --out white.png --fill white)
expect(0 "^$" warp --transform turn.json ${scene} --out 255.png --fill 255)
expect(0 "^$" warp --transform turn.json ${scene} --out edge.png --fill edge)
foreach(name white 255 edge)
    file(SHA256 "${WORK}/${name}.png" sum_${name})
endforeach()
if(NOT sum_white STREQUAL sum_255 OR sum_white STREQUAL sum_edge)
    message(FATAL_ERROR "white is not 255, or the edge's pixels are white")
endif()

# Pages: all of them in TIFF files, those that were asked for, and no silent choice.
set(pages --transform one.tfm --moving "${IMAGES}/pages.tif" --fixed scene.png)
expect(0 "^pages      3\n$" warp ${pages} --out pages.tif)
expect(0 "^pages      2\n$" warp ${pages} --out pages.tif --page 2,0)
expect(0 "^$" warp ${pages} --out page.png --page 2)
expect(0 "^$" warp ${pages} --out page.png)
if(NOT messages MATCHES "the first of 3 pages is written; a .tif file holds all, --page chooses")
    message(FATAL_ERROR "nothing was said of further pages: ${messages}")
endif()
expect(1 "^comir: --out: x.png: a PNG file holds one page; use .tif\n$" warp ${pages} --out x.png --page 0,1)
expect(1 "^comir: [^\n]*pages.tif: page 3 was asked for, the file has 3; pages count from 0\n$" warp ${pages} --out x.tif
       --page 3)
expect(1 "^comir: [^\n]*page 7 was asked for, expected 0: a PNG file has one page\n$" register ${scene} --page 7)

# Channels as pages: what is on the first page of both is noise; the transform of the second is good for all.
get_filename_component(channels "${IMAGES}/../registration" ABSOLUTE)
set(channels --fixed "${channels}/pages_fixed.tif" --moving "${channels}/pages_moving.tif")
expect(0 "angle +-1[12]\\.[0-9]+ degrees.*shift +-4\\.[01][0-9]* px to the right, (4\\.9|5\\.0)[0-9]* px down.*confidence (1\\.00|0\\.9)"
       register ${channels} --page 1 --out-transform channels.json --out-image second.tif)
expect(0 "^pages      2\n$" warp ${channels} --transform channels.json --out channels.tif)
expect(0 "^$" warp ${channels} --transform channels.json --out channel.tif --page 1)
file(SHA256 "${WORK}/second.tif" of_register)
file(SHA256 "${WORK}/channel.tif" of_warp)
if(NOT of_register STREQUAL of_warp)
    message(FATAL_ERROR "register --page 1 --out-image and warp --page 1 differ")
endif()
file(STRINGS "${WORK}/channels.tif" names REGEX "^(background|nuclei)$")
if(NOT names STREQUAL "background;nuclei")
    message(FATAL_ERROR "the channels' names are ${names}")
endif()

# A transform that was found at half the size, whose pixels have other centres: half a pixel is not lost.
file(WRITE "${WORK}/half.json" "{\"comir_transform\":\"affine2\",\"parameters\":[0.5,0,0,0.5,-0.25,-0.25],\"centre\":[0,0]}")
file(WRITE "${WORK}/grid.csv" "x,y\n1,1\n")
expect(0 "^$" warp --transform half.json --moving scene.png --fixed scene.png --out same.png)
file(WRITE "${WORK}/shift.json" "{\"comir_transform\":\"rigid2\",\"parameters\":[1.5707963267948966,3,-2],\"centre\":[0,0]}")
# The small pixel (0, 0) is the large (0.5, 0.5), which goes to the small (3, -2), the large (6.5, -3.5).
file(WRITE "${WORK}/corner.csv" "x,y\n0.5,0.5\n")
expect(0 "^1 points" points --transform shift.json --points corner.csv --out o.csv --found-scale 2)
expect_points(o.csv "6\\.(5|4999999)[0-9]*,-3\\.(5|4999999)")
expect(1 "^comir: --found-fixed: --fixed is missing[^\n]+\n$" points --transform shift.json --points corner.csv --out x.csv
       --found-fixed scene.png)
expect(1 "^comir: --found-scale: the images [^\n]+ were given as well[^\n]+\n$" points --transform shift.json --points
       corner.csv --out x.csv --fixed scene.png --found-fixed scene.png --found-scale 2)

# What does not fit into memory is told before anything is read, and else without a crash.
find_program(SHELL sh)
if(SHELL AND NOT SANITIZED)
    file(WRITE "${WORK}/large.json" "{\"comir_transform\":\"affine2\",\"parameters\":[0.02,0,0,0.02,0,0],\"centre\":[0,0]}")
    function(expect_little_memory kilobytes pattern)
        execute_process(COMMAND "${SHELL}" -c "ulimit -v ${kilobytes}; exec \"$0\" \"$@\"" "${TOOL}" ${ARGN}
                        WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE messages)
        if(NOT result EQUAL 1 OR NOT messages MATCHES "${pattern}")
            message(FATAL_ERROR "with ${kilobytes} kB ${ARGN} ended with ${result}: ${messages}")
        endif()
    endfunction()
    expect_little_memory(400000 "^comir: the warped image has 17[0-9]+ x 17[0-9]+ px of 3 channels: this takes about [0-9.]+ GB of memory, [0-9]+ MB are left of the limit of the address space \\(ulimit -v\\); --canvas fixed takes less\n$"
                         warp --transform large.json ${scene} --out x.tif --canvas union)
    file(COPY "${DATA}/visible" "${DATA}/infrared" DESTINATION "${WORK}")
    expect_little_memory(200000 "comir: there is not enough memory for images or settings of this size[^\n]*\n$"
                         train --a visible --b infrared --out x.safetensors --steps 2 --threads 1)
endif()
expect_no_files(x.* .comir-*)
