#!/usr/bin/env bash
# Builds Duet and runs all its tests, on a Debian 12 that has nothing but git:
#   tests/run.sh [CTEST ARGUMENT...]     e.g. tests/run.sh -R resp
# Closes with ctest's own count. The build is build/, the one that deploy/run.sh runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/packages.sh

duet_install "${DUET_BUILD_PACKAGES[@]}" "${DUET_TEST_PACKAGES[@]}"
duet_step "building build/ (Release)"
duet_configure build -DCMAKE_BUILD_TYPE=Release -DDUET_TESTS=ON -DDUET_BENCHMARKS=ON
cmake --build build
duet_step "tests"
ctest --test-dir build --output-on-failure --no-tests=error --timeout 300 -j "$(nproc)" "$@" </dev/null
