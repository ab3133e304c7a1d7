#!/usr/bin/env bash
# Installs what is missing (Debian 12 packages), builds the comir tool, trains two encoders on the left half of the
# sample scene, and registers displaced pieces of its right half, as raw images and through their representations.
# Usage: examples/quickstart.sh [folder for the results, default results]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-results}
data=examples/data

packages=(g++ cmake ninja-build libeigen3-dev libxtensor-dev libxsimd-dev libcli11-dev nlohmann-json3-dev libpng-dev
          libtiff-dev zlib1g-dev libpugixml-dev gnuplot-nox)
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

echo "Building the tool"
cmake -S . -B build-quickstart -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOMIR_BUILD_TESTS=OFF -DCOMIR_BUILD_BENCH=OFF >/dev/null
cmake --build build-quickstart --parallel --target comir_cli -- --quiet
comir=build-quickstart/examples/comir

mkdir -p "$out"
echo "Training on the left half of the scene"
# The right half shows sea and dense city, of which the left half has hardly any: what is learned must not rest on levels
# of brightness (local contrast) nor on which of two materials is the brighter one (inverted contrast). Three channels depend less
# on chance than one.
$comir train --a $data/visible --b $data/infrared --part 0.5 --patch 32 --batch 64 --grid 1 --steps 300 --channels 3 \
    --local-contrast 12 --invert-contrast 0.5 --activation-decay 0.001 --temperature 0.1 \
    --learning-rate 0.02 --equivariance loss --pooling max --out "$out/model.safetensors"

echo "Registering 40 pairs of 96 px from the right half"
$comir make-pairs --a $data/visible --b $data/infrared --region 0.5,0,0.5,1 --size 96 --count 40 --max-angle 30 \
    --max-shift 0.12 --seed 1 --out "$out/pairs"
for kind in raw comir; do
    mkdir -p "$out/$kind"
    model=()
    [ $kind = raw ] || model=(--model "$out/model.safetensors")
    echo "== $kind"
    $comir evaluate --pairs "$out/pairs/pairs.csv" "${model[@]}" --method auto --out "$out/$kind/results.csv" \
        --json "$out/$kind/summary.json" --plot "$out/$kind/curve.png" --pictures "$out/$kind/pictures"
done
for modality in visible infrared; do
    $comir encode --model "$out/model.safetensors" --modality $modality $data/$modality/scene.png --out "$out/scene/$modality"
done

share() { sed -n "0,/\"$2\"/s/.*\"$2\": *\([0-9.]*\).*/\1/p" "$out/$1/summary.json"; }
printf '\n%-36s %12s %12s\n' "of 40 pairs, registered within" raw CoMIR
for measure in "success_1pct;1 % of the width" "success_2pct;2 % of the width" "success_5pct;5 % of the width"; do
    printf '%-36s %11.0f%% %11.0f%%\n' "${measure#*;}" "$(share raw "${measure%;*}" | awk '{print 100*$1}')" \
        "$(share comir "${measure%;*}" | awk '{print 100*$1}')"
done
printf '%-36s %9.2f px %9.2f px\n' "median error" "$(share raw median_error_px)" "$(share comir median_error_px)"
echo
echo "Results are in $out: raw/ and comir/ with summary.json, results.csv, curve.png and a picture of every pair;"
echo "scene/ with the representations of the whole scene; model.safetensors"
