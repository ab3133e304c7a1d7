# Runs the comir tool on pyramids, which it writes itself.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DWORK=<folder, emptied> -P cli_slides.cmake

cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

expect(0 "--resolution" register --help)
expect(0 "--compression.*--quality.*--pyramid.*--layout" warp --help)

file(COPY "${DATA}/visible/scene.png" DESTINATION "${WORK}")
file(WRITE "${WORK}/none.json" "{\"comir_transform\":\"translation2\",\"parameters\":[0,0],\"centre\":[0,0]}")
file(WRITE "${WORK}/right.json" "{\"comir_transform\":\"translation2\",\"parameters\":[30,-12],\"centre\":[0,0]}")
set(scene --moving scene.png --fixed scene.png)
expect(0 "^$" warp --transform none.json ${scene} --out fixed.ome.tif)
expect(0 "^$" warp --transform right.json ${scene} --out moving.ome.tif --compression none --pyramid pages)
# Any of the options makes a pyramid; pyramids stay some.
expect(0 "^$" warp --transform none.json ${scene} --out strips.tif --layout strips)
expect(0 "^$" warp --transform none.json --moving fixed.ome.tif --fixed fixed.ome.tif --out again.tif --compression jpeg --quality 95)

# The shift is found, and written as one of the full images.
set(shift "(-29\\.[5-9]|-30\\.[0-5])[0-9]* px to the right, (11\\.[5-9]|12\\.[0-5])[0-9]* px down")
set(pair --fixed fixed.ome.tif --moving moving.ome.tif)
foreach(fixed fixed.ome.tif strips.tif again.tif)
    expect(0 "fixed [^\n]+ px, [2-9] levels, searched at 1/[0-9.]+\nmoving [^\n]+ px, [2-9] levels, [^\n]+\n.*${shift}.*confidence (1|0\\.[89])"
           register --fixed ${fixed} --moving moving.ome.tif --transform rigid --out-transform back.json --overlay overlay.png)
endforeach()
expect_files(back.json overlay.png)
expect(0 "^$" warp --transform back.json --moving moving.ome.tif --fixed fixed.ome.tif --out back.png)
# A start near the place is kept.
expect(0 "start +kept" register ${pair} --initial back.json)

# What slides do not have is said before anything is searched.
expect(1 "--out-image: this is not done for slides" register ${pair} --out-image out.tif)
expect(1 "--method: this is not done for slides" register ${pair} --method sift)
expect(1 "mask: this is not done for slides" register ${pair} --fixed-mask scene.png)
expect(1 "does not say how large its pixels are" register ${pair} --resolution 2)
expect(1 "--page: this is not done where a pyramid is written" warp --transform none.json ${scene} --out page.ome.tif --page 0)
expect(1 "--fill: 'blue' is not a number" warp --transform none.json ${scene} --out page.ome.tif --fill blue)
expect_no_files(out.tif page.ome.tif)
