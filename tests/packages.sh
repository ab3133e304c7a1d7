# Installs what is missing for building and testing (Debian 12 packages). Sourced by tests/run.sh and tests/run_all.sh.

source tests/install.sh
install_missing g++ cmake ninja-build libeigen3-dev libxtensor-dev libxsimd-dev doctest-dev libbenchmark-dev libcli11-dev \
    nlohmann-json3-dev libpng-dev libtiff-dev zlib1g-dev libpugixml-dev libopenslide-dev gnuplot-nox clang libomp-dev \
    libclang-rt-dev llvm clang-format universal-ctags doxygen
