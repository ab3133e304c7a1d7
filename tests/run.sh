#!/usr/bin/env bash
# Installs what is missing (Debian 12 packages), builds everything and runs all tests.
# Usage: tests/run.sh [build folder, default build]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

packages=(g++ cmake ninja-build libeigen3-dev libxtensor-dev libxsimd-dev doctest-dev libbenchmark-dev libcli11-dev
          nlohmann-json3-dev libpng-dev libtiff-dev gnuplot-nox clang libomp-dev)
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing ${missing[*]}"
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOMIR_WERROR=ON
cmake --build "$build" --parallel
ctest --test-dir "$build" --output-on-failure
