#!/bin/bash
# Whether ITK and elastix map points as comir does by the files that comir writes, and comir by those that ITK writes.
# Not part of the gate: run it by hand after a change of transform files, on Debian 12 with libinsighttoolkit5-dev,
# elastix and python3. Ends with 0 if all points agree within 0.01 of the length unit's pixel (they do within 1e-5).
# Call: tests/interoperability/run.sh [WORK]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
[ -x "$work/build/comir_points" ] || {
    cmake -S "$here" -B "$work/build" -DCMAKE_BUILD_TYPE=Release >"$work/cmake.log" 2>&1
}
cmake --build "$work/build" -j 2 >"$work/build.log" 2>&1
itk=$work/build/itk_points comir=$work/build/comir_points
rm -rf "$work/files"
"$comir" write "$work/files"
cat >"$work/compare.py" <<'END'
"""compare.py TABLE WHAT EXPECTED MAPPED: the largest distance, one line; fails above 0.01 or if points are missing."""
import re, sys
table, what, expected, mapped = sys.argv[1:]
def read(path):
    text = open(path).read()
    if "OutputPoint" in text:  # transformix
        return [tuple(map(float, m)) for m in re.findall(r"OutputPoint = \[ (\S+) (\S+) \]", text)]
    return [tuple(map(float, line.split())) for line in text.splitlines()]
a, b = read(expected), read(mapped)
worst = max((max(abs(p[0] - q[0]), abs(p[1] - q[1])) for p, q in zip(a, b)), default=1e9) if len(a) == len(b) else 1e9
print(f"{what:45s} {len(a):4d} points, largest difference {worst:.2e}", file=open(table, "a"))
sys.exit(0 if worst < 0.01 else 1)
END
table=$work/table.txt
: >"$table"
bad=0
compare() { python3 "$work/compare.py" "$table" "$1" "$2" "$3" || { echo "differs: $1"; bad=1; }; }
for frame in "$work"/files/*; do
    points=$frame/points.txt
    { echo point; wc -l <"$points"; cat "$points"; } >"$frame/points.pts"
    for json in "$frame"/*.json; do
        name=$(basename "$json" .json)
        label=$(basename "$frame")/$name
        "$comir" map "$json" "$points" >"$frame/$name.expected"
        for file in "$frame/$name".{tfm,mat,mha,nrrd}; do
            [ -e "$file" ] || continue
            # A field is linear between pixels: it is compared with itself.
            expected=$frame/$name.expected
            case $file in *.mha | *.nrrd)
                "$comir" map "$file" "$points" >"$file.expected"
                expected=$file.expected ;;
            esac
            "$itk" map "$file" "$points" >"$file.mapped"
            compare "$label.${file##*.} in ITK" "$expected" "$file.mapped"
        done
        # elastix: from another folder, into an empty one.
        rm -rf "$frame/out"
        mkdir "$frame/out"
        (cd / && transformix -tp "$frame/$name.txt" -def "$frame/points.pts" -out "$frame/out") >"$frame/out/log" 2>&1 || true
        compare "$label.txt in transformix" "$frame/$name.expected" "$frame/out/outputpoints.txt"
        "$comir" map "$frame/$name.txt" "$points" >"$frame/$name.back"
        compare "$label.txt read back" "$frame/$name.expected" "$frame/$name.back"
        # What ITK writes.
        "$itk" convert "$frame/$name.tfm" "$frame/$name.itk.tfm"
        "$comir" map "$frame/$name.itk.tfm" "$points" >"$frame/$name.back"
        compare "$label.tfm of ITK" "$frame/$name.expected" "$frame/$name.back"
        if [ -e "$frame/$name.mat" ]; then
            "$itk" convert "$frame/$name.mat" "$frame/$name.itk.mat"
            "$comir" map "$frame/$name.itk.mat" "$points" >"$frame/$name.back"
            compare "$label.mat of ITK" "$frame/$name.expected" "$frame/$name.back"
        fi
        for extension in mha nrrd mhd; do
            "$itk" convert_field "$frame/$name.mha" "$frame/$name.itk.$extension"
            "$comir" map "$frame/$name.itk.$extension" "$points" >"$frame/$name.back"
            compare "$label.$extension of ITK, compressed" "$frame/$name.mha.expected" "$frame/$name.back"
        done
    done
done
cat "$table"
exit $bad
