#!/usr/bin/env bash
# Whether comir reads what other programs write, and they what comir writes: libtiff's tools, libvips, GDAL, ImageMagick,
# tifffile, OpenSlide, elastix (ITK), and viv and geotiff.js if npm is there. Pixels are compared with those programs' own. Not part of the gate: by hand, on
# Debian 12. Installs the programs, prints a table, ends with 1 if anything differs.
# Usage: tests/interoperability/images/run.sh [folder for the files, default a temporary one]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(realpath -m "${1:-$(mktemp -d)}")
source "$here/../../install.sh"
install_missing libtiff-tools libvips-tools gdal-bin imagemagick python3-tifffile \
    python3-openslide python3-numpy python3-pil elastix
mkdir -p "$work/build" "$work/files"
cmake -S "$here" -B "$work/build" -DCMAKE_BUILD_TYPE=Release >"$work/cmake.log"
cmake --build "$work/build" --parallel 2 --target slide_tool >"$work/build.log"
failed=0
# Debian's packages are those of its own Python.
(cd "$work/files" && /usr/bin/python3 "$here/images.py" "$work/build/slide_tool") || failed=1
if command -v npm >/dev/null; then
    mkdir -p "$work/npm"
    cp "$here/viv.mjs" "$work/npm"
    (cd "$work/npm" && npm install --silent --no-save @vivjs/loaders@0.21 geotiff@3 linkedom >npm.log 2>&1 &&
        node viv.mjs "$work/files") || failed=1
else
    echo "skipped: viv and geotiff.js, without npm"
fi
exit $failed
