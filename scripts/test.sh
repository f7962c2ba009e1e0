#!/usr/bin/env bash
# Builds everything and runs the tests:
#   scripts/test.sh [--preset release|debug|asan] [CTEST_ARGUMENT...]
# With MINI_INFER_TEST_DATA set to the folder of the test data, the suites that need it run too;
# without it they are reported as skipped.
set -euo pipefail

preset=release
if [[ ${1:-} == --preset ]]; then
  preset=${2:?"--preset needs a name: release, debug or asan"}
  shift 2
fi
# Tests run in folders of their own.
if [[ -n ${MINI_INFER_TEST_DATA:-} ]]; then
  MINI_INFER_TEST_DATA=$(realpath "$MINI_INFER_TEST_DATA")
  export MINI_INFER_TEST_DATA
fi
cd "$(dirname "$0")/.."

packages=()
if [[ $preset == asan ]]; then
  packages=(clang libclang-rt-dev)
  # To note the whole stack of every allocation takes much of the time.
  export ASAN_OPTIONS=malloc_context_size=6:${ASAN_OPTIONS:-}
fi
scripts/install_dependencies.sh "${packages[@]}"
echo "Building the $preset preset"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
echo "Testing; data: ${MINI_INFER_TEST_DATA:-none, MINI_INFER_TEST_DATA is not set}"
ctest --preset "$preset" --parallel "$(nproc)" "$@"
