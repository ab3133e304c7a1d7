# Runs the comir tool on lists of pairs, in a folder that is gone on with, from starts and landmarks, and in chains.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DWORK=<folder, emptied> -P cli_batch.cmake

cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

# What the last command printed, as `expect` left it.
function(expect_output pattern)
    if(NOT output MATCHES "${pattern}")
        message(FATAL_ERROR "expected output: ${pattern}\noutput: ${output}\nmessages: ${messages}")
    endif()
endfunction()
# The table of a folder without its seconds.
function(table_of folder result)
    file(READ "${WORK}/${folder}/table.csv" text)
    string(REGEX REPLACE "\n([^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*),[^,]*" "\n\\1" text "${text}")
    set(${result} "${text}" PARENT_SCOPE)
endfunction()
# Fails unless the first point of a table lies within a pixel of (x, y), both whole numbers.
function(expect_point table x y)
    file(STRINGS "${WORK}/${table}" lines)
    list(GET lines 1 line)
    if(NOT line MATCHES "^(-?[0-9]+)(\\.[0-9]+)?,(-?[0-9]+)")
        message(FATAL_ERROR "${table} begins with ${line}")
    endif()
    math(EXPR dx "${CMAKE_MATCH_1} - ${x}")
    math(EXPR dy "${CMAKE_MATCH_3} - ${y}")
    if(dx LESS -1 OR dx GREATER 1 OR dy LESS -1 OR dy GREATER 1)
        message(FATAL_ERROR "${table}: ${line}, expected ${x},${y}")
    endif()
endfunction()

# Views of one scene, cut out at known places, and one of another place.
file(COPY "${DATA}/visible/scene.png" DESTINATION "${WORK}")
expect(0 "^1 pairs" make-pairs --a "${DATA}/visible" --b "${DATA}/infrared" --out grid --size 130 --count 1 --max-shift 0.05)
foreach(view "a;20,15" "b;26,11" "c;31,19" "d;14,22" "far;185,175")
    list(GET view 0 name)
    list(GET view 1 place)
    file(WRITE "${WORK}/place.json" "{\"comir_transform\":\"translation2\",\"parameters\":[${place}],\"centre\":[0,0]}")
    expect(0 "" warp --transform place.json --moving scene.png --fixed grid/0000_fixed.png --out ${name}.png)
endforeach()
file(WRITE "${WORK}/broken.png" "this is no image")

# The quickest method that tells places apart, since this is about what is done with its answers.
set(known --method global --max-angle 10)

# A list with an image that is none, one that is missing and one of another place: the others are registered.
file(WRITE "${WORK}/list.csv"
     "pair,moving,fixed\none,b.png,a.png\nbad,broken.png,a.png\nfar,far.png,a.png\ntwo,c.png,a.png\nlost,gone.png,a.png\n,d.png,a.png\n")
set(list register --pairs list.csv --warped png --overlays ${known})
expect(3 "^$" ${list} --out res)
expect_output("^6 pairs: 3 accepted, 1 doubtful, 2 failed; 6 of them done now\nfailed     bad: broken.png: neither a PNG[^\n]+\nfailed     lost: gone.png: cannot open[^\n]+\ndoubtful   far: [^\n]+\ntable      res/table.csv\nnext ")
table_of(res full)
if(NOT full MATCHES "^pair,status,[^\n]+\none,accepted,[^\n]*,transforms/one.tfm,,a.png,b.png\nbad,failed,,,,,,[^\n]*broken.png: neither a PNG[^\n]+\nfar,doubtful,[^\n]*,doubtful/transforms/far.tfm,[^\n]+\ntwo,accepted,[^\n]+\nlost,failed,[^\n]+gone.png: cannot open[^\n]+\nd,accepted,[^\n]+\n$")
    message(FATAL_ERROR "the table is ${full}")
endif()
expect_files(res/transforms/one.tfm res/transforms/d.tfm res/images/two.png res/overlays/two.png
             res/doubtful/transforms/far.tfm res/doubtful/images/far.png res/doubtful/overlays/far.png)
expect_no_files(res/transforms/far.* res/images/far.* res/overlays/far.* res/*/bad.tfm res/*/bad.png res/.comir-* res/*/.comir-* res/rows/*.begun)
file(WRITE "${WORK}/p.csv" "x,y\n50,50\n")
expect(0 "" points --transform res/transforms/two.tfm --points p.csv --out q.csv)
expect_point(q.csv 39 46)

# Again: only what failed is tried again, and the table stays.
expect(3 "^$" ${list} --out res)
expect_output("^6 pairs: 3 accepted, 1 doubtful, 2 failed; 2 of them done now\n")
table_of(res again)
if(NOT again STREQUAL full)
    message(FATAL_ERROR "a second run wrote\n${again}\nthe first one\n${full}")
endif()

# After a kill: no record of the pair that was worked on, half a file, no table. What is missing is done, no more.
file(SHA256 "${WORK}/res/transforms/one.tfm" sum)
file(REMOVE "${WORK}/res/rows/one.json" "${WORK}/res/table.csv" "${WORK}/res/transforms/two.tfm")
file(WRITE "${WORK}/res/rows/one.begun" "")
file(WRITE "${WORK}/res/transforms/.comir-1-1.tmp" "half")
file(WRITE "${WORK}/res/rows/d.json" "{\"pair\": \"d\"")
expect(3 "^comir: done anew, since a written file is gone: 1 of 6 pairs\n$" ${list} --out res)
expect_output("6 pairs: 3 accepted, 1 doubtful, 2 failed; 5 of them done now\n")
table_of(res again)
file(SHA256 "${WORK}/res/transforms/one.tfm" same)
if(NOT again STREQUAL full OR NOT same STREQUAL sum)
    message(FATAL_ERROR "after a kill the table is\n${again}\nexpected\n${full}")
endif()
expect_no_files(res/*/.comir-* res/rows/*.begun)

# What was missing is there, an image changed, and one pair is new.
file(COPY_FILE "${WORK}/b.png" "${WORK}/gone.png")
file(COPY_FILE "${WORK}/a.png" "${WORK}/broken.png")
file(COPY_FILE "${WORK}/c.png" "${WORK}/d.png")
file(APPEND "${WORK}/list.csv" "new,d.png,b.png\n")
expect(4 "^comir: done anew, since the moving image changed: 1 of 7 pairs\n$" ${list} --out res)
expect_output("^7 pairs: 6 accepted, 1 doubtful, 0 failed; 4 of them done now\ndoubtful ")
expect(4 "^comir: done anew, since the settings changed: 7 of 7 pairs\n$" ${list} --out res --seed 2)
expect_output("; 7 of them done now\n")
# Files that were not asked for before.
expect(4 "^$" register --pairs list.csv --out plain --transforms json ${known})
expect_no_files(plain/images plain/overlays)
expect(4 "comir: done anew, since the overlay is missing: 7 of 7 pairs\n$" register --pairs list.csv --out plain --transforms json ${known} --overlays)
expect_files(plain/transforms/new.json plain/overlays/new.png)

# One program at a time.
find_program(FLOCK flock)
if(FLOCK)
    execute_process(COMMAND "${FLOCK}" res/.lock "${TOOL}" ${list} --out res WORKING_DIRECTORY "${WORK}"
                    RESULT_VARIABLE result ERROR_VARIABLE messages)
    if(NOT result EQUAL 1 OR NOT messages MATCHES "^comir: --out: res: another comir works in this folder")
        message(FATAL_ERROR "in a folder in use comir ended with ${result}: ${messages}")
    endif()
endif()

# Several images to one: each by itself, or each to the one before it.
foreach(chain "" --chain)
    expect(0 "^2 pairs: 2 accepted, 0 doubtful, 0 failed; 2 of them done now\ntable      group${chain}/table.csv\n$" register
           --fixed a.png --moving b.png c.png --out group${chain} --transforms json ${chain} ${known})
    expect(0 "" points --transform group${chain}/transforms/c.json --points p.csv --out q.csv)
    expect_point(q.csv 39 46)
endforeach()
expect(0 "" points --transform group--chain/neighbours/c.json --points p.csv --out q.csv)
expect_point(q.csv 45 42)
# A chain goes on behind what is known; a doubtful link puts all behind it in doubt, a broken one ends it.
file(COPY_FILE "${WORK}/group--chain/transforms/c.json" "${WORK}/former.json")
file(REMOVE "${WORK}/group--chain/rows/c.json")
expect(0 "1 of them done now" register --fixed a.png --moving b.png c.png --out group--chain --transforms json --chain ${known})
file(READ "${WORK}/former.json" former)
file(READ "${WORK}/group--chain/transforms/c.json" present)
if(NOT former STREQUAL present)
    message(FATAL_ERROR "a chain that went on ends with ${present}, expected ${former}")
endif()
expect(4 "^$" register --fixed a.png --moving far.png b.png c.png --out doubt --chain ${known})
expect_output("^3 pairs: 0 accepted, 3 doubtful, .*doubtful   c: the chain is in doubt at (far|b)\n")
expect(3 "^$" register --fixed a.png --moving b.png none.png c.png --out cut --chain ${known})
expect_output("^3 pairs: 1 accepted, 0 doubtful, 2 failed.*failed     c: the chain is broken at none, [^\n]+\n")

# Starts: one near the truth is kept, one far from it is refused, and the pair is found all the same.
set(pair register --fixed a.png --moving c.png)
set(known --mirror no --scale 1 --max-angle 10)
foreach(start "near;-8,-6;kept" "far;40,50;refused")
    list(GET start 1 shift)
    list(GET start 2 answer)
    file(WRITE "${WORK}/start.json" "{\"comir_transform\":\"translation2\",\"parameters\":[${shift}],\"centre\":[0,0]}")
    expect(0 "\nstart +${answer}, since [^\n]+\n.*\nconfidence (1|0\\.[5-9])" ${pair} ${known} --initial start.json --out-transform t.json)
    expect(0 "" points --transform t.json --points p.csv --out q.csv)
    expect_point(q.csv 39 46)
endforeach()
expect(1 "^comir: the method 'sift' takes no start; [^\n]+\n$" ${pair} --initial start.json --method sift)

# Landmarks: a start, or the transform itself; in a list, too.
file(WRITE "${WORK}/marks.csv" "fixed_x,fixed_y,moving_x,moving_y\n10,10,-1,6\n100,20,89,16\n30,90,19,86\n80,110,69,107\n60,40,49,36\n")
expect(0 "\nstart +kept.*\nlandmarks +5, root mean square 0\\.[0-9]+ px [^\n]+\n +1: 0\\.[0-9]+ px, [0-9.]+ px\n" ${pair} ${known} --landmarks marks.csv)
expect(0 "\nlandmarks +5, .*\nconfidence not known: nothing but the landmarks was asked\n" ${pair} --landmarks marks.csv
       --landmarks-as transform --transform affine --out-transform t.tfm)
expect(0 "" points --transform t.tfm --points p.csv --out q.csv)
expect_point(q.csv 39 46)
file(WRITE "${WORK}/few.csv" "fixed_x,fixed_y,moving_x,moving_y\n10,10,-1,6\n100,20,89,16\n")
expect(1 "^comir: few.csv: there are 2 landmarks, expected at least 3 for the kind affine\n$" ${pair} --landmarks few.csv
       --transform affine)
file(WRITE "${WORK}/off.csv" "fixed_x,fixed_y,moving_x,moving_y\n10,10,-1,6\n100,20,89,16\n30,90,19,86\n80,110,69,106\n60,40,9,96\n")
file(WRITE "${WORK}/marked.csv" "pair,fixed,moving,landmarks\ngood,a.png,c.png,marks.csv\noff,a.png,c.png,off.csv\n")
expect(4 "^$" register --pairs marked.csv --out marked --landmarks-as transform)
expect_output("1 accepted, 1 doubtful, .*doubtful   off: landmark 5 lies [^\n]+\n")

# Target registration errors by landmarks.
file(WRITE "${WORK}/tre.csv" "pair,fixed,moving,landmarks\ngood,a.png,c.png,marks.csv\nlost,a.png,nothing.png,marks.csv\n")
expect(3 "^comir: lost: nothing.png: cannot open[^\n]+\n$" evaluate --pairs tre.csv --out tre_out.csv --json tre.json --within 0.5,3 ${known})
expect_output("^pairs      2, 1 of them failed, 1 could not be read\n.*\nwithin     0.5 %: 50.0 % of the pairs\nwithin     3 %: 50.0 %")
file(READ "${WORK}/tre_out.csv" text)
if(NOT text MATCHES "\ngood,5,0\\.[0-9]+,.*\nlost,0,,[^\n]*cannot open[^\n]*\n$")
    message(FATAL_ERROR "tre_out.csv is ${text}")
endif()
file(WRITE "${WORK}/tre.csv" "fixed,moving,landmarks\na.png,c.png,\n")
expect(1 "^comir: tre.csv: the pair 'c' names no landmarks; [^\n]+\n$" evaluate --pairs tre.csv)

# What users get wrong.
expect(1 "^comir: --pairs: [^\n]+--out\n$" register --pairs list.csv)
expect(1 "^comir: --moving: [^\n]+--out\n$" register --fixed a.png --moving b.png c.png)
expect(1 "^comir: --pairs: the list names the images[^\n]+\n$" register --pairs list.csv --fixed a.png --out x)
expect(1 "^comir: --overlay: this option is of a single pair[^\n]+\n$" register --pairs list.csv --out x --overlay x.png)
expect(1 "^comir: --warped: this option is for results in a folder[^\n]+\n$" ${pair} --warped png)
expect(1 "^comir: --chain: [^\n]+\n$" ${pair} --chain --out x)
expect(1 "^comir: --initial and --landmarks [^\n]+\n$" ${pair} --initial t.tfm --landmarks marks.csv)
expect(1 "^comir: --moving: two pairs are called 'b'[^\n]+\n$" register --fixed a.png --moving b.png b.png --out x)
expect(1 "^comir: --out: res/images/one.png lies where results are written[^\n]+\n$" register --fixed a.png --moving
       res/images/one.png --out res)
file(WRITE "${WORK}/none.csv" "fixed,moving\n")
expect(1 "^comir: none.csv: the list has no pairs[^\n]+\n$" register --pairs none.csv --out x)
expect(1 "^comir: --out: a.png: [^\n]+ is no folder\n$" register --pairs list.csv --out a.png)
expect_no_files(x x.png)

# Ctrl-C: what was done stays, and the same command goes on.
find_program(TIMEOUT timeout)
if(TIMEOUT)
    set(known --method global)
    set(text "pair,fixed,moving\n")
    foreach(i RANGE 1 400)
        string(APPEND text "p${i},a.png,b.png\n")
    endforeach()
    file(WRITE "${WORK}/long.csv" "${text}")
    execute_process(COMMAND "${TIMEOUT}" --foreground --preserve-status -s INT 1 "${TOOL}" register --pairs long.csv
                    --out long ${known} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result ERROR_VARIABLE messages)
    if(NOT result EQUAL 130 OR NOT messages MATCHES "^comir: [0-9]+ of 400 pairs are done; the same command goes on [^\n]+\ncomir: interrupted\n$")
        message(FATAL_ERROR "an interrupted register ended with ${result}, expected 130; messages: ${messages}")
    endif()
    expect_files(long/table.csv)
endif()
