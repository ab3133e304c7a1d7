#!/usr/bin/env bash
# Debian 12, libdnnl-dev 2.6.3-1 (oneDNN) with CMake 3.25: find_package(dnnl QUIET) ends the configuration of a project
# where OpenCL's headers are missing.
#
# Behaviour: the package's dnnl-config.cmake calls find_package(OpenCL REQUIRED), whatever the caller asked, and the
#   package only recommends ocl-icd-opencl-dev, so `apt-get install --no-install-recommends libdnnl-dev` leaves it out.
# Why it surprises: an optional package that is incomplete should be "not found"; QUIET without REQUIRED promises that
#   the caller goes on.
# Means: a registration program that uses oneDNN where it is installed (a benchmark's peer, a faster network) does not
#   configure at all on such a machine, containers above all, though it would do without. Look for OpenCL first, or read
#   the package file before it is run: find_package(dnnl 9999 QUIET) lists it in dnnl_CONSIDERED_CONFIGS unexecuted.
#
# Usage: findings/debian-onednn-needs-opencl-headers.sh   (Debian 12 with cmake and g++; downloads 90 kB, installs nothing)
set -euo pipefail
version=2.6.3-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .

apt-get download -qq "libdnnl-dev=$version" 2>/dev/null
found=$(dpkg-deb -f libdnnl-dev_*.deb Version)
echo "libdnnl-dev $found, recommends: $(dpkg-deb -f libdnnl-dev_*.deb Recommends); $(cmake --version | head -n 1)"
[ "$found" = "$version" ] || { echo "another version than $version"; exit 1; }
dpkg-deb -x libdnnl-dev_*.deb root

# configures <name> <find_package arguments>: a project that asks for the optional package, with no OpenCL to be found.
configures() {
    mkdir "$1"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.24)' 'project(user LANGUAGES CXX)' "find_package($2)" \
        'message(STATUS "went on, dnnl_FOUND=${dnnl_FOUND}")' >"$1/CMakeLists.txt"
    cmake -S "$1" -B "$1/build" -DCMAKE_PREFIX_PATH="$folder/root/usr" -DCMAKE_IGNORE_PATH=/usr/include \
        >"$1/log" 2>&1
}

configures absent "no_such_package QUIET" || { echo "a missing optional package should not stop CMake"; exit 1; }
echo "no_such_package QUIET: $(grep -o 'went on.*' absent/log)"
if configures present "dnnl QUIET"; then
    echo "dnnl QUIET: $(grep -o 'went on.*' present/log): the behaviour has changed"
    exit 1
fi
grep -q "Could NOT find OpenCL" present/log || { cat present/log; exit 1; }
echo "dnnl QUIET: the configuration stops: $(grep -o 'Could NOT find OpenCL.*' present/log)"
