#!/usr/bin/env bash
# Everything that takes longer than the gate (tests/run.sh), run by hand: each part to its end whatever fails, then a table
# of results and times. Exit code 1 if anything failed.
# Usage: tests/run_all.sh [--part NAME]... [--only LABEL] [folder of logs, default build-all]
#   --part   only this part: headers, address, thread, images (default: all)
#   --only   only the tests of this label: core, transform, ... (ctest --print-labels lists them)
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# A part is a function part_<name> that calls `step` for what it does, and a word here.
all_parts=(headers address thread images)

# Every header compiles alone. Whether all of them together do, the gate sees.
part_headers() {
    step headers configure cmake --preset dev &&
        step headers build cmake --build --preset dev --parallel --target all_verify_interface_header_sets
}

part_address() { sanitized_tests address asan; }
part_thread() { sanitized_tests thread tsan; }

# Image files of other programs, and other programs on ours.
part_images() { step images compare tests/interoperability/images/run.sh "$logs/images"; }

# Builds with the preset $2 and runs all tests that execute our own code.
sanitized_tests() {
    local targets=(all) tests=(-LE '^(build|source|compile_fail|bench)$')
    if [ -n "$only" ]; then
        targets=("test_$only")
        tests=(-L "^$only\$")
    fi
    step "$1" configure cmake --preset "$2" &&
        step "$1" build cmake --build --preset "$2" --parallel --target "${targets[@]}" &&
        step "$1" tests ctest --preset "$2" "${tests[@]}"
}

# step <part> <name> <command...>: runs it with its output in a log and notes result and seconds. The log of a ctest run
# gives a line for each test.
step() {
    local part=$1 name=$2 log=$logs/$1-$2.log start=$SECONDS result=passed
    shift 2
    echo "$part/$name: $*"
    "$@" >"$log" 2>&1 || result=FAILED
    if [ "$1" = ctest ]; then
        sed -nE "s/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) [.]*[ *]*([A-Za-z ]+[a-zA-Z]) +([0-9.]+) sec.*/$part \1 \2 \3/p" \
            "$log" >>"$table"
        grep -q "^No tests were found" "$log" && result=FAILED
    fi
    printf '%s %s %s %s\n' "$part" "$name" "$result" $((SECONDS - start)) >>"$table"
    [ $result = passed ] || failed=1
    [ $result = passed ] || tail -n 40 "$log"
    [ $result = passed ]
}

parts=()
only=
logs=build-all
while [ $# -gt 0 ]; do
    case $1 in
        --part) parts+=("${2:?--part needs a name}"); shift 2 ;;
        --only) only=${2:?--only needs a label}; shift 2 ;;
        -*) sed -n '/^# Usage/,/^[^#]/{s/^# //p}' "$0"; exit 2 ;;
        *) logs=$1; shift ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${all_parts[@]}")

source tests/packages.sh || exit 1
mkdir -p "$logs"
table=$logs/results.txt
: >"$table"
failed=0
for part in "${parts[@]}"; do
    declare -F "part_$part" >/dev/null || { echo "no part $part, only: ${all_parts[*]}" >&2; exit 2; }
done
for part in "${parts[@]}"; do
    "part_$part"
done
echo
{ echo "part step result seconds"; cat "$table"; } | awk '{ printf "%-10s %-24s %-16s %10s\n", $1, $2, $3, $NF }'
exit $failed
