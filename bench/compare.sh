#!/usr/bin/env bash
# Times our benchmarks and other programs that do the same task, one right after the other, and writes the results.
# Usage: bench/compare.sh --json FILE [--peers DIR] [--alpha-amd DIR] [--build DIR] [--only REGEX] [--runs N] [--table FILE]
#   --json   rows {task, threads, comir_ms, comir_mb, peer, peer_ms, peer_mb, ratio, target}; ratio = peer / comir;
#            convolutions also {peak_share}, of the FMA peak in GFLOP/s
#   --peers  folder of the peers' scripts: infer_ort.js, infer_torch.py, step_torch.py, dunet.py, tuned.sh;
#            NODE_PATH must lead to onnxruntime-node, BLAS to the folder of OpenBLAS's libblas.so.3
#   --alpha-amd  a clone of https://github.com/MIDA-group/MultiRegEval with the published Python program
#   --build  where the benchmarks were built, default build
#   --only   tasks whose "task/threads" matches
#   --table  the table for readers, default docs/performance.md
# oneDNN and OpenCV are part of the benchmarks; a peer that is not installed is named as missing.
set -euo pipefail
cd "$(dirname "$0")/.."
json='' peers='' alpha_amd='' build=build only=. runs=5 table=docs/performance.md
while [ $# -gt 0 ]; do
    case $1 in
        --json) json=$2 ;;
        --peers) peers=$(cd "$2" && pwd) ;;
        --alpha-amd) alpha_amd=$(cd "$2" && pwd) ;;
        --build) build=$2 ;;
        --only) only=$2 ;;
        --runs) runs=$2 ;;
        --table) table=$2 ;;
        *) echo "bench/compare.sh: unknown option $1; see the first lines of the script" >&2; exit 2 ;;
    esac
    shift 2
done
[ -n "$json" ] || { echo "bench/compare.sh: no --json FILE was given" >&2; exit 2; }
compgen -G "$build/bench/bench_*" >/dev/null ||
    { echo "bench/compare.sh: $build/bench has no benchmarks; build them with COMIR_BUILD_BENCH=ON, or give --build" >&2; exit 2; }
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
python=${PYTHON:-/usr/bin/python3}
blas=${BLAS:-/usr/lib/x86_64-linux-gnu/openblas-pthread}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A version=() missing=()
rows=()

# medians FOLDER PATTERN MIN_TIME COLUMN...: those columns of benchmarks in a process of their own, a line each, 0 where
# there is no such column; nothing if they failed.
medians() {
    local program="$build/bench/bench_$1" pattern=$2 min_time=$3
    shift 3
    "$program" --benchmark_filter="^$pattern/process_time" --benchmark_repetitions="$runs" \
        --benchmark_min_time="$min_time" --benchmark_format=csv 2>/dev/null |
        awk -F, -v runs="$runs" -v names="$*" '
            /^name,/ { for (i = 1; i <= NF; ++i) { gsub(/"/, "", $i); column[$i] = i } count = split(names, name, " ") }
            /_median"?,/ || (runs == 1 && /^"/) {
                for (i = 1; i <= count; ++i)
                    printf "%.6g%s", name[i] in column ? $(column[name[i]]) : 0, i < count ? " " : "\n"
            }'
}

# ours FOLDER NAME [CLOCK]: median milliseconds by that clock, peak MB and GFLOP/s of one benchmark.
ours() {
    medians "$1" "$2" 0.001 "${3:-real_time}" peak_mb GFLOP/s real_time |
        awk '{ printf "%.3f %.0f %.1f\n", $1, $2, $3 * $4 / $1 }'  # the benchmark's rate is by real_time
}

# peer COMMAND...: the same two numbers from a script that prints "median X ms ... peak Y MB".
peer() {
    (cd "$peers" && "$@" 2>/dev/null) |
        sed -n 's/.*median \([0-9.]*\) ms.*peak \([0-9]*\) MB.*/\1 \2/p' | head -n 1
}

# add TASK THREADS TARGET PEER "MS MB GFLOPS" "MS MB" [PEAK]: PEAK in GFLOP/s, of which our share is given.
add() {
    local comir_ms comir_mb gflops peer_ms peer_mb ratio share=''
    read -r comir_ms comir_mb gflops <<<"$5"
    read -r peer_ms peer_mb _ <<<"$6"
    [ -n "$comir_ms" ] || { echo "bench/compare.sh: $1 on $2 threads failed" >&2; return; }
    [ -n "$peer_ms" ] || { missing[$4]=1; return; }
    ratio=$(awk "BEGIN { printf \"%.2f\", $peer_ms / $comir_ms }")
    [ -z "${7:-}" ] || share=$(awk "BEGIN { printf \"%.2f\", $gflops / $7 }")
    rows+=("$1|$2|$comir_ms|$comir_mb|$4|$peer_ms|$peer_mb|$ratio|$3|$share")
    echo "$1, $2 threads: $comir_ms ms, $4 $peer_ms ms, ratio $ratio (aim $3)${share:+, $share of the FMA peak}"
}

wanted() { [[ "$1/$2" =~ $only ]]; }

have_torch() { [ -n "$peers" ] && "$python" -c 'import torch' 2>/dev/null; }
have_ort() { [ -n "$peers" ] && node -e 'require("onnxruntime-node")' 2>/dev/null; }
if have_torch; then
    version[PyTorch]=$("$python" -c 'import torch; print(torch.__version__)')
else
    missing["PyTorch"]=1
fi
if have_ort && have_torch; then
    version["ONNX Runtime"]=$(node -e 'console.log(require("onnxruntime-node/package.json").version)')
    [[ "encode" =~ $only || "$only" == *encode* ]] && (cd "$peers" && PYTHONDONTWRITEBYTECODE=1 "$python" dunet.py "$work" >/dev/null 2>&1)
else
    missing["ONNX Runtime"]=1
fi
command -v pkg-config >/dev/null && pkg-config --exists opencv4 && version[OpenCV]=$(pkg-config --modversion opencv4)
tuned() { "$peers/tuned.sh" "$blas" "$@"; }

for network in compact paper; do
    for extent in 512 832; do
        for threads in 1 2; do
            task=encode/${network}_$extent
            wanted $task $threads || continue
            own=$(ours models "encode/comir/${network}_$extent/$threads")
            if [ -f "$work/$network$extent.onnx" ]; then
                add $task $threads 1.5 "ONNX Runtime" "$own" \
                    "$(peer node infer_ort.js "$work/$network$extent.onnx" $extent $threads 1 "$runs")"
            fi
            if [ -n "${version[PyTorch]:-}" ]; then
                add $task $threads 1.5 PyTorch "$own" \
                    "$(peer tuned $threads "$python" infer_torch.py chlast $network $extent $threads "$runs")"
            fi
        done
    done
done
for case in "compact 24" "paper 8"; do
    read -r network batch <<<"$case"
    for threads in 1 2; do
        task=step/${network}_${batch}x128
        wanted $task $threads || continue
        own=$(ours models "step/comir/${network}_${batch}x128/$threads")
        if [ -n "${version[PyTorch]:-}" ]; then
            add $task $threads 1.5 PyTorch "$own" \
                "$(peer tuned $threads "$python" step_torch.py chlast $network $batch 128 $threads "$runs")"
        fi
    done
done
for direction in forward by_input by_weight; do
    for shape in 3to16 16to12 28to12 40to24 64to12 96to12 48to48; do
        for threads in 1 2; do
            task=conv2d_$direction/$shape
            wanted $task $threads || continue
            target=1.3 clock=real_time
            [ $shape = 48to48 ] && target=0.85
            [ $threads = 1 ] && clock=cpu_time
            read -r _ _ peak <<<"$(ours nn "fma_peak/comir/registers/$threads" $clock)"
            add $task $threads $target oneDNN "$(ours nn "conv2d_$direction/comir/$shape/$threads" $clock)" \
                "$(ours nn "conv2d_$direction/onednn/$shape/$threads" $clock)" "$peak"
        done
    done
done
# opencv FOLDER TASK NAME THREADS TARGET: ours, and OpenCV's of the same program, whose name has opencv for comir.
opencv() {
    wanted "$2" "$4" || return 0
    add "$2" "$4" "$5" OpenCV "$(ours "$1" "$3/$4")" "$(ours "$1" "${3/comir/opencv}/$4")"
}
for threads in 1 2; do
    for extent in 512 1024; do
        opencv registration distance/$extent distance_map/comir/$extent $threads 1.0
    done
    for shape in 512x512 834x834 1000x700; do
        task=sift/$shape
        [ ${shape%x*} = ${shape#*x} ] && task=sift/${shape%x*}
        opencv features $task sift/comir/$shape $threads 1.5
    done
    for shape in 699x1335 2395x4251; do
        opencv features match/$shape match/comir/$shape $threads 1.0
    done
    # The published program runs on one thread, whatever ours does.
    if wanted alpha_amd/512 $threads; then
        own=$(COMIR_BENCH_PAIR=$work ours registration alpha_amd/comir/rigid_512/$threads)
        theirs=''
        if [ -n "$alpha_amd" ] && [ -f "$work/fixed.pgm" ]; then
            theirs=$(OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 "$python" \
                bench/peers/published_alpha_amd.py "$alpha_amd" --time "$work/fixed.pgm" "$work/moving.pgm" \
                --runs "$runs" 2>/dev/null | sed -n 's/.*median \([0-9.]*\) ms.*peak \([0-9]*\) MB.*/\1 \2/p')
        fi
        add alpha_amd/512 $threads 50 "published Python" "$own" "$theirs"
    fi
done

{
    echo "["
    for i in "${!rows[@]}"; do
        IFS='|' read -r task threads comir_ms comir_mb peer_name peer_ms peer_mb ratio target share <<<"${rows[i]}"
        [ "$comir_mb" = 0 ] && comir_mb=null peer_mb=null  # the two share a program
        comma=,
        [ "$i" = $((${#rows[@]} - 1)) ] && comma=
        echo "  {\"task\": \"$task\", \"threads\": $threads, \"comir_ms\": $comir_ms, \"comir_mb\": $comir_mb," \
            "\"peer\": \"$peer_name\", \"peer_ms\": $peer_ms, \"peer_mb\": $peer_mb, \"ratio\": $ratio, \"target\": $target${share:+, \"peak_share\": $share}}$comma"
    done
    echo "]"
} >"$work/rows.json"
mv "$work/rows.json" "$json"

# scaling FOLDER NAME: processor time of one thread and of two.
# Not wall time: beside other programs that says what share of the machine they leave.
scaling() { medians "$1" "$2/[12]" 0.05 cpu_time | paste -sd ' '; }

# scaling_rows: what a second thread is worth, and what bounds it: work per processor time of two threads over one's.
scaling_rows() {
    local row name same one two
    for row in "nn fma_peak/comir/registers 1" "nn triad/comir/64MiB 1" "nn conv_in_cache/comir/28to12 1" \
        "models encode/comir/compact_512 0" "models step/comir/compact_24x64_cells4 0"; do
        read -r folder name same <<<"$row"
        read -r one two <<<"$(scaling "$folder" "$name")"
        [ -n "$two" ] || continue
        # same: every thread has the work of one, so that twice the processor time is perfect.
        awk "BEGIN { printf \"| %s | %.2f |\\n\", \"${name/comir\//}\", ($same ? 4 : 2) * $one / $two }"
    done
}

{
    echo "# Performance"
    echo "Written by \`bench/compare.sh\`: medians of $runs runs, comir and the peer one right after the other. Ratio = time of the peer / time of comir."
    echo "Single convolutions other than 48 to 48 shall reach their aim or 0.75 of the peak of fused multiply-adds (FMA), measured beside each."
    echo "Times on one thread are processor time, which the work of other programs hardly lengthens."
    echo
    load=$(cut -d' ' -f1 /proc/loadavg)
    echo "- Machine: $(lscpu | sed -n 's/^Model name: *//p' | head -n 1), $(nproc) processors, load $load at the end of the run; $(date +%F)."
    if awk "BEGIN { exit !($load > 1.5 * $(nproc)) }"; then
        echo "- **The machine was busy with other work: the times are too long, and a single ratio can be off by a factor of two.**"
    fi
    [ "$only" = . ] || echo "- Only the tasks that match \`$only\`."
    echo "- Networks: those of the original, pooling by maxima, on both sides. The tool trains networks that pool by means."
    echo "- Compiler: $(${CXX:-c++} --version | head -n 1)."
    for name in "${!version[@]}"; do
        echo "- $name ${version[$name]}$([ "$name" = PyTorch ] && echo ', channels_last, huge pages and OpenBLAS')."
    done
    for name in "${!missing[@]}"; do
        echo "- Missing, not compared: $name."
    done
    echo
    echo "| task | threads | comir ms | comir MB | peer | peer ms | peer MB | ratio | aim | of FMA peak |"
    echo "|---|---|---|---|---|---|---|---|---|---|"
    for row in "${rows[@]}"; do
        IFS='|' read -r task threads comir_ms comir_mb peer_name peer_ms peer_mb ratio target share <<<"$row"
        [ "$comir_mb" = 0 ] && comir_mb='' peer_mb=''
        echo "| $task | $threads | $comir_ms | $comir_mb | $peer_name | $peer_ms | $peer_mb | $ratio | $target | $share |"
    done
    echo
    echo "How much more two threads do than one: work per processor time of two over that of one, times two."
    echo "Memory, caches and clocks that threads share make it less than 2; waiting does not count."
    echo
    echo "| work | two threads |"
    echo "|---|---|"
    scaling_rows
} >"$table"
