# Installs what is missing for building and testing (Debian 12 packages). Sourced by tests/run.sh and tests/run_all.sh.

packages=(g++ cmake ninja-build libeigen3-dev libxtensor-dev libxsimd-dev doctest-dev libbenchmark-dev libcli11-dev
          nlohmann-json3-dev libpng-dev libtiff-dev zlib1g-dev libpugixml-dev libopenslide-dev gnuplot-nox clang libomp-dev
          libclang-rt-dev llvm clang-format universal-ctags doxygen)
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
