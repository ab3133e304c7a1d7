# Trains, resumes, encodes and registers with the comir tool as a user would, and meets what users get wrong.
# Call: cmake -DTOOL=<comir> -DDATA=<examples/data> -DWORK=<folder, emptied> -P cli_train.cmake

cmake_minimum_required(VERSION 3.24)
set(WORK "${WORK}/with spaces")
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
include("${CMAKE_CURRENT_LIST_DIR}/support/tool.cmake")

file(COPY "${DATA}/visible" "${DATA}/infrared" DESTINATION "${WORK}")
set(pair --a visible --b infrared)
set(tiny --patch 16 --batch 4 --threads 1)

# Train, look at the model, use it.
expect(0 "training visible \\(3 channels\\) and infrared \\(1 channels\\).*wrote m.safetensors" train ${pair} ${tiny}
       --steps 8 --channels 2 --critic l1 --log-b --out m.safetensors --checkpoint-every 4 --pictures progress)
expect_files(m.safetensors progress/step_000004.png progress/step_000008.png)
expect_no_files(m.safetensors.checkpoint .comir-*)
expect(0 "visible.*3.*infrared.*1" info m.safetensors)
expect(0 "l1" info m.safetensors)
expect(0 "" encode --model m.safetensors --modality visible visible/scene.png --out coded)
expect(0 "" encode --model m.safetensors --modality infrared infrared/scene.png --out coded --format tif)
expect(0 "fixed +visible/scene.png .visible., 349 x 352 px" register --model m.safetensors --fixed visible/scene.png
       --moving infrared/scene.png --out-transform t.json --overlay o.png)
expect_files(t.json o.png)
expect(0 "2 pairs" make-pairs ${pair} --out set --size 64 --count 2 --max-angle 5 --max-shift 0.05)
expect(0 "all +2 " evaluate --pairs set/pairs.csv --model m.safetensors --json s.json --pictures sheets)
expect_files(s.json)
file(GLOB sheets "${WORK}/sheets/scene_000?_*.png")
list(LENGTH sheets count)
if(NOT count EQUAL 2)
    message(FATAL_ERROR "there are ${count} pictures of 2 pairs: ${sheets}")
endif()
# Averaged over quarter turns, a turned image gives the turned representation; without a model there is nothing to average.
expect(0 "" encode --model m.safetensors --modality infrared infrared/scene.png --out averaged --average-turns)
foreach(folder coded averaged)
    file(SHA256 "${WORK}/${folder}/scene.tif" ${folder})
endforeach()
if(coded STREQUAL averaged)
    message(FATAL_ERROR "--average-turns changed nothing")
endif()
expect(0 "all +2 " evaluate --pairs set/pairs.csv --model m.safetensors --average-turns)
expect(1 "^comir: --average-turns [^\n]+--model\n$" register --average-turns --fixed visible/scene.png --moving
       infrared/scene.png)
expect(0 "validation  loss" train ${pair} ${tiny} --steps 2 --out v.safetensors --validation-a visible --validation-b
       infrared)

# Images that are too small for the usual patches are trained on in smaller ones.
expect(0 "compact network, 1 steps of 2 patches of 112 px" train ${pair} --batch 2 --steps 1 --out small.safetensors)
expect(0 "compact network, 1 steps of 2 patches of 64 px" train ${pair} --part 0.3 --batch 2 --steps 1 --out
       small.safetensors)

# A recipe sets what is not given, wherever it stands.
expect(0 "compact network, 1 steps of 4 patches of 16 px" train ${pair} --network compact ${tiny} --steps 1 --recipe
       paper --out p.safetensors)
expect(0 "paper network, 1 steps of 2 patches of 128 px" train ${pair} --recipe paper --batch 2 --steps 1 --out
       p.safetensors)

# Options by their former names mean the same, and --help does not show them.
expect(0 "1 steps of 4 patches" train ${pair} ${tiny} --steps 1 --grid 1 --canonical-signal 0 --invert-contrast 0.5 --out
       present.safetensors)
expect(0 "1 steps of 4 patches" train ${pair} ${tiny} --steps 1 --cells=1 --guide 0 --negate 0.5 --out former.safetensors)
foreach(name present former)
    file(SHA256 "${WORK}/${name}.safetensors" ${name})
endforeach()
if(NOT present STREQUAL former)
    message(FATAL_ERROR "--cells, --guide and --negate trained another model than their present names")
endif()
expect(0 "" train --help)
if(output MATCHES "--(cells|guide|negate)")
    message(FATAL_ERROR "the help shows ${CMAKE_MATCH_0}")
endif()

# The last pairs by name are kept for validation, which every checkpoint's line shows.
file(MAKE_DIRECTORY "${WORK}/two/visible" "${WORK}/two/infrared")
foreach(modality visible infrared)
    foreach(name first second)
        file(COPY_FILE "${WORK}/${modality}/scene.png" "${WORK}/two/${modality}/${name}.png")
    endforeach()
endforeach()
set(two --a two/visible --b two/infrared)
expect(0 "on 1 pairs.*step +1 [^\n]+validation  loss [0-9.]+ [^\n]+\nstep +2 [^\n]+validation  loss.*\nestimate from the validation pairs: [0-9]+% of 20 patches of [0-9]+ px[^\n]+\n$" train ${two} ${tiny}
       --steps 2 --checkpoint-every 1 --hold-out 1 --out h.safetensors)
expect(1 "^comir: --hold-out is 2, expected fewer than the 2 pairs[^\n]+\n$" train ${two} --hold-out 2 --out x.safetensors)
expect(1 "^comir: --hold-out and --validation-a [^\n]+\n$" train ${two} --hold-out 1 --validation-a visible --validation-b
       infrared --out x.safetensors)

# Group convolutions are the default where the channels come in fours.
expect(1 "^comir: [^\n]*inner channels are not all in fours[^\n]+\n$" train ${pair} --batch 2 --steps 1 --network
       paper --patch 64 --equivariance network --out x.safetensors)
expect(0 "paper network, 1 steps of 2 patches of 64 px" train ${pair} --batch 2 --steps 1 --network paper --patch 64
       --out paper_loss.safetensors)
expect(0 "wrote" train ${pair} ${tiny} --steps 1 --equivariance none --pooling blur --out blur.safetensors)
expect(0 "compact network, blur pooling" info blur.safetensors)

# Studies: a table, files, pictures where gnuplot is; models are trained once and used again.
file(COPY_FILE "${WORK}/visible/scene.png" "${WORK}/two/visible/third.png")
file(COPY_FILE "${WORK}/infrared/scene.png" "${WORK}/two/infrared/third.png")
set(study ${two} ${tiny} --steps 2 --hold-out 1 --count 2 --size 64 --methods sift --angle-step 90 --out studies)
expect(0 "training visible.*\nmodel +turns visible +turns infrared +sift in 2% +sift px\nturned filters +[0-9.-]+ .*\nturned patches +[0-9.-]+ .*\nwithout"
       study equivariance ${study})
expect(0 "\nseed +seed 1 +seed 2 +[0-9.-]+ .*\nvaried +visible +infrared\nseed +[0-9.]+ .*\ntemperature +[0-9.]+ "
       study stability ${study} --runs 2 --temperatures 0.25,1)
if(NOT output MATCHES "seed 1: [^\n]+, trained before\n" OR NOT output MATCHES "temperature 0.25: [^\n]+, trained before\n")
    message(FATAL_ERROR "a model that was there was trained again: ${output}")
endif()
expect(0 "mse: [^\n]+, trained before.*\nl1 +[0-9.-]+" study critics ${study} --critics mse,l1)
expect(0 "\n2 channels +[0-9.-]+" study channels ${study} --channel-counts 1,2)
expect(0 "\nm +[0-9.-]+ .*\nv +" study equivariance ${study} --models m.safetensors,v.safetensors)
foreach(name equivariance equivariance_angles stability stability_means critics critics_angles channels)
    expect_files(studies/${name}.csv)
endforeach()
file(STRINGS "${WORK}/studies/equivariance_angles.csv" lines)
list(LENGTH lines count)
list(GET lines 0 header)
if(NOT count EQUAL 13 OR NOT header STREQUAL "angle,modality,model,correlation")
    message(FATAL_ERROR "3 angles, 2 modalities and 2 models gave ${count} lines after ${header}")
endif()
find_program(GNUPLOT gnuplot)
if(GNUPLOT)
    expect_files(studies/equivariance.png studies/equivariance_angles.png studies/stability.png)
endif()
file(GLOB models "${WORK}/studies/models/*.safetensors")
list(LENGTH models count)
if(NOT count EQUAL 10)
    message(FATAL_ERROR "the studies left ${count} models: ${models}")
endif()
expect(1 "^comir: there is one pair, [^\n]+\n$" study critics ${pair} --out x)
expect(1 "^comir: --hold-out and --test-a [^\n]+\n$" study critics ${two} --hold-out 1 --test-a visible --test-b infrared
       --out x)
expect(1 "^comir: --models: [^\n]+ the topic given is critics\n$" study critics ${two} --models m.safetensors --out x)
expect("[1-9][0-9]*" "comir: .*topic" study rotation ${two} --out x)

# The same seed gives the same file, another seed another one.
foreach(run "one;1" "two;1" "other;2")
    list(GET run 0 name)
    list(GET run 1 seed)
    expect(0 "wrote" train ${pair} --patch 16 --batch 4 --steps 3 --seed ${seed} --threads ${seed} --out
           ${name}.safetensors)
    file(SHA256 "${WORK}/${name}.safetensors" ${name})
endforeach()
if(NOT one STREQUAL two OR one STREQUAL other)
    message(FATAL_ERROR "models of one seed differ, or models of two seeds do not")
endif()
expect(0 "wrote" train ${pair} --patch 16 --batch 4 --steps 3 --recompute --out recomputed.safetensors)
file(SHA256 "${WORK}/recomputed.safetensors" recomputed)
if(NOT recomputed STREQUAL one)
    message(FATAL_ERROR "--recompute trained another model")
endif()

# Ctrl-C keeps the checkpoint; resumed, the training ends with the bits of one that ran through.
find_program(TIMEOUT timeout)
if(TIMEOUT)
    set(long train ${pair} ${tiny} --steps 400 --checkpoint-every 10)
    execute_process(COMMAND "${TIMEOUT}" --foreground --preserve-status -s INT 1 "${TOOL}" ${long} --out r.safetensors
                    WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE messages)
    if(NOT result EQUAL 130 OR NOT output MATCHES "stopped after step [0-9]+; r.safetensors.checkpoint keeps it")
        message(FATAL_ERROR "an interrupted train ended with ${result}, expected 130: ${output} ${messages}")
    endif()
    expect_no_files(r.safetensors .comir-*)
    expect(1 "^comir: r.safetensors.checkpoint: the training was begun with other options[^\n]+\n$" ${long} --out
           r.safetensors --resume --learning-rate 0.5)
    expect(1 "^comir: r.safetensors.checkpoint: the training was begun with other options or images \\(images\\)[^\n]+\n$"
           train --a "two/visible" --b "two/infrared" ${tiny} --steps 400 --checkpoint-every 10 --out r.safetensors --resume)
    expect(0 "wrote r.safetensors" ${long} --out r.safetensors --resume)
    expect(0 "wrote whole.safetensors" ${long} --out whole.safetensors)
    file(SHA256 "${WORK}/r.safetensors" resumed)
    file(SHA256 "${WORK}/whole.safetensors" whole)
    if(NOT resumed STREQUAL whole)
        message(FATAL_ERROR "the resumed training ended with other bits")
    endif()
endif()

# What users get wrong.
expect(1 "^comir: none: cannot read the folder[^\n]+\n$" train --a none --b infrared --out x.safetensors)
file(MAKE_DIRECTORY "${WORK}/renamed" "${WORK}/small" "${WORK}/cut")
file(COPY_FILE "${WORK}/visible/scene.png" "${WORK}/renamed/other.png")
expect(1 "^comir: [^\n]*(other|scene).png[^\n]*\n$" train --a visible --b renamed --out x.safetensors)
file(COPY_FILE "${WORK}/set/0000_fixed.png" "${WORK}/small/scene.png")
expect(1 "^comir: [^\n]*64 x 64[^\n]*\n$" train --a visible --b small --out x.safetensors)
expect(1 "^comir: [^\n]*a patch of 512 px does not fit[^\n]*\n$" train ${pair} --patch 512 --out x.safetensors)
expect(1 "^comir: [^\n]*multiple of 8[^\n]*\n$" train ${pair} --patch 20 --out x.safetensors)
expect(1 "^comir: --out: missing/x.safetensors: cannot create[^\n]+\n$" train ${pair} --out missing/x.safetensors)
expect(1 "^comir: [^\n]*x.safetensors.checkpoint[^\n]*\n$" train ${pair} ${tiny} --out x.safetensors --resume)
expect("[1-9][0-9]*" "comir: .*--batch.*'-8' is not a whole number" train ${pair} --batch -8 --out x.safetensors)
expect(1 "^comir: infrared/scene.png: [^\n]*1 channel[^\n]*3[^\n]*\n$" encode --model m.safetensors --modality visible infrared/scene.png
       --out x)
expect(1 "^comir: [^\n]*'radar'[^\n]*'visible', 'infrared'[^\n]*\n$" encode --model m.safetensors --modality radar
       visible/scene.png --out x)
expect(1 "^comir: visible/scene.png: [^\n]+\n$" info visible/scene.png)
find_program(SHELL sh)
find_program(HEAD head)
if(SHELL AND HEAD)
    execute_process(COMMAND "${HEAD}" -c 20000 m.safetensors OUTPUT_FILE cut.safetensors WORKING_DIRECTORY "${WORK}")
    expect(1 "^comir: cut.safetensors: [^\n]+\n$" info cut.safetensors)
    execute_process(COMMAND "${HEAD}" -c 20000 visible/scene.png OUTPUT_FILE cut/scene.png WORKING_DIRECTORY "${WORK}")
    expect(1 "^comir: cut/scene.png: [^\n]+\n$" train --a cut --b infrared --out x.safetensors)
    # A disk that is full after 8 blocks: an error, and neither a file nor a half one.
    foreach(command "train ${pair} ${tiny} --steps 1 --out x.safetensors"
                    "encode --model m.safetensors --modality visible visible/scene.png --out x")
        string(REPLACE ";" " " command "${command}")
        execute_process(COMMAND "${SHELL}" -c "ulimit -f 8; trap '' XFSZ; exec '${TOOL}' ${command}"
                        WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE messages)
        if(NOT result EQUAL 1 OR NOT messages MATCHES "comir: [^\n]*x[^\n]*\n$")
            message(FATAL_ERROR "${command} on a full disk ended with ${result}: ${messages}")
        endif()
        expect_no_files(x.safetensors x/* .comir-* x/.comir-*)
    endforeach()
endif()
expect_no_files(x.safetensors x.safetensors.checkpoint .comir-* missing)
