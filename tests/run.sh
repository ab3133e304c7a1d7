#!/usr/bin/env bash
# The gate: installs what is missing (Debian 12 packages), builds everything, runs all tests (GCC, one folder with Clang,
# format, reference), then those below under the address and undefined-behaviour sanitizers. What takes longer is in
# tests/run_all.sh.
# Usage: tests/run.sh [build folder, default build]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
source tests/packages.sh
# Threads that wait for others let these work: on a busy machine the tests take half the time.
export OMP_WAIT_POLICY=passive

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOMIR_WERROR=ON -DCOMIR_UNITY=ON
cmake --build "$build" --parallel
ctest --test-dir "$build" --output-on-failure

# The readers of files, and what the rest builds on: what compiles within two minutes on two cores.
sanitized=(core image io)
cmake --preset asan -B "$build-asan"
cmake --build "$build-asan" --parallel --target "${sanitized[@]/#/test_}"
ctest --test-dir "$build-asan" --output-on-failure -L "^($(IFS='|'; echo "${sanitized[*]}"))\$"
