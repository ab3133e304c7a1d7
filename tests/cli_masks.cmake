# Runs the comir tool on images with borders and with pixels of no data.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DWORK=<folder, emptied> -P cli_masks.cmake

cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

foreach(command register evaluate)
    expect(0 "--borders.*--nodata" ${command} --help)
endforeach()
expect(0 "--nodata.*--fill" warp --help)

# The scene moved off its frame to either side: 60 px of a fill value at the right, or at the left and the top.
file(COPY "${DATA}/visible/scene.png" DESTINATION "${WORK}")
set(scene --moving scene.png --fixed scene.png)
foreach(shift "right;60,0" "left;-60,-30" "quarter;0.25,0")
    list(GET shift 0 name)
    list(GET shift 1 numbers)
    file(WRITE "${WORK}/${name}.json" "{\"comir_transform\":\"translation2\",\"parameters\":[${numbers}],\"centre\":[0,0]}")
endforeach()
expect(0 "^$" warp --transform right.json ${scene} --out right.png)
expect(0 "^$" warp --transform left.json ${scene} --out left.png)
expect(0 "^$" warp --transform right.json ${scene} --out white.png --fill 255)
expect(0 "^$" warp --transform right.json ${scene} --out right.tif --nodata 0)

# Borders are found, said, and left in on request.
set(pair --fixed right.png --moving left.png)
set(right "shift +(119\\.[5-9]|120\\.[0-5])[0-9]* px to the right, (29\\.[5-9]|30\\.[0-5])[0-9]* px down")
expect(0 "masked +fixed image: 17\\.[0-9] % border of colour 0; to keep it: --borders keep\nmasked +moving image: 2[0-9]\\.[0-9] % border of colour 0; to keep it: --borders keep\n(transform [^\n]+\n)?angle.*${right}.*confidence (1|0\\.[5-9])"
       register ${pair})
expect(0 "left.png [^\n]+ px\n(transform [^\n]+\n)?angle" register ${pair} --borders keep)
expect(0 "masked +fixed image: 17\\.[0-9] % border of colour 255;" register --fixed white.png --moving scene.png)
# A mask says what counts, and no border is looked for in that image.
expect(0 "right.png [^\n]+ px\nmoving[^\n]+ px\nmasked +moving image: [^\n]+\n(transform [^\n]+\n)?angle" register ${pair} --fixed-mask right.png)

# No data: by the file's tag, by the option for both images or for each, or by none.
expect(0 "masked +fixed image: 17\\.[0-9] % no data \\(0\\); to keep it: --nodata none\nmasked +moving image: [0-9.]+ % border[^\n]+\n.*${right}"
       register --fixed right.tif --moving left.png --out-image out.tif)
expect(0 "fixed image: [0-9.]+ % no data \\(0\\);[^\n]+\nmasked +moving image: [0-9.]+ % no data \\(0\\)" register ${pair} --nodata 0)
expect(0 "fixed image: [0-9.]+ % border of colour 0;[^\n]+\nmasked +moving image: [0-9.]+ % no data \\(0\\)" register ${pair} --nodata nan,0)
expect(0 "right.tif [^\n]+\nmoving[^\n]+ px\n(transform [^\n]+\n)?angle" register --fixed right.tif --moving left.png --nodata none --borders keep)

# What is warped keeps the tag, and nothing is mixed: a quarter of a pixel off, one more column does not count.
set(tagged --moving right.tif --fixed right.tif)
expect(0 "^$" warp --transform quarter.json ${tagged} --out moved.tif)
expect(0 "image: 17\\.2 % no data \\(0\\).*image: 17\\.5 % no data \\(0\\)" register --fixed right.tif --moving moved.tif)
expect(0 "^$" warp --transform quarter.json ${tagged} --out untagged.tif --nodata none)
expect(0 "masked +fixed image: 1[78]\\.[0-9] % border of colour 0;" register --fixed untagged.tif --moving scene.png)
expect(0 "moving +out.tif [^\n]+\nmasked +moving image: [0-9.]+ % border" register --fixed scene.png --moving out.tif)
expect(0 "angle" register --fixed left.png --moving right.tif --out-image out.tif)
expect(0 "moving +out.tif [^\n]+\nmasked +moving image: [0-9.]+ % no data \\(0\\)" register --fixed scene.png --moving out.tif)

# A canvas for all of both images.
expect(0 "^canvas     409 x 352 px, begins at \\(-60, 0\\) of the fixed image\n$" warp --transform right.json ${scene} --out
       wide.png --canvas union --fill 255)
expect(0 "fixed +wide.png [^\n]+, 409 x 352 px\nmoving[^\n]+\nmasked +fixed image: 1[45]\\.[0-9] % border of colour 255;" register
       --fixed wide.png --moving scene.png)

# Lists: one line at the end.
set(header pair,fixed,moving,fixed_modality,moving_modality,size_px,angle_deg,tx_px,ty_px,x0,y0,x1,y1,x2,y2,x3,y3,initial_error_px)
set(numbers 349,0,-120,-30,-120,-30,228,-30,228,321,-120,321,123.7)
file(WRITE "${WORK}/pairs.csv" "${header}\na,right.png,left.png,v,v,${numbers}\n")
expect(0 "all +1 +0 .*" evaluate --pairs pairs.csv --pictures pictures)
if(NOT messages MATCHES "comir: no data and borders are left out of 2 of 2 images, 2[0-9]\\.[0-9] % of each on average; to keep them: --nodata none --borders keep\n")
    message(FATAL_ERROR "evaluate does not say what it left out: ${messages}")
endif()
expect_files(pictures/a.png)
expect(0 "all +1 " evaluate --pairs pairs.csv --borders keep)
if(messages MATCHES "left out")
    message(FATAL_ERROR "evaluate left out what it was to keep: ${messages}")
endif()

# What users get wrong.
file(WRITE "${WORK}/far.json" "{\"comir_transform\":\"translation2\",\"parameters\":[1e6,0],\"centre\":[0,0]}")
expect(1 "^comir: far.json: the canvas would have [^\n]+; check that the transform [^\n]+\n$" warp --transform far.json ${scene}
       --out x.png --canvas both)
expect(1 "^comir: --nodata: 'black' is not a number, nan or none\n$" register ${pair} --nodata black)
expect(1 "^comir: --nodata: -9999 is no value of the moving image, expected a whole number from 0 to 255\n$" warp
       --transform right.json ${scene} --out x.tif --nodata -9999)
expect(1 "^comir: --fill: 256 is no value of the moving image[^\n]+\n$" warp --transform right.json ${scene} --out x.png
       --fill 256)
expect(1 "^comir: --fill: 'blue' is not a number, nan, white or edge\n$" warp --transform right.json ${scene} --out x.png
       --fill blue)
expect("[1-9][0-9]*" "comir: .*--borders" register ${pair} --borders find)
file(WRITE "${WORK}/none.json" "{\"comir_transform\":\"translation2\",\"parameters\":[400,0],\"centre\":[0,0]}")
expect(0 "^$" warp --transform none.json ${scene} --out empty.tif --nodata 0)
expect(1 "^comir: empty.tif: no pixel counts: 100.0 % no data \\(0\\); expected at least one; [^\n]+\n$" register --fixed
       scene.png --moving empty.tif)
expect_no_files(x.*)
