#!/usr/bin/env bash
# Everything that needs a GPU, in one go; the result goes to FOLDER (default: benchmarks/results):
#   scripts/gpu_check.sh [--output FOLDER] [--budget SECONDS]
#   scripts/gpu_check.sh --pack      before: gathers what a machine without compilers needs into build/gpu
# What has not begun after the budget is reported as not run.
# On the GPU's machine it takes build/gpu where that is, else build/release. The environment variable
# MINI_INFER_CUDA_LIBRARY names another backend (the emulated one tries out the checks themselves);
# MINI_INFER_COMMIT the commit that the binaries are of, where the checkout has another or none.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == --pack ]]; then
  from=build/release to=build/gpu
  rm -rf "$to"
  mkdir -p "$to"
  cp "$from"/{mini-infer,libmini_infer.so.0,libmini_infer_cuda.so} "$from"/tests/{ops_tests,cuda_tests} "$to"
  # What the binaries need beyond the C and C++ libraries of any machine.
  ldd "$to"/mini-infer "$to"/libmini_infer.so.0 "$to"/ops_tests |
    awk '/lib(z|gtest|gmock)[^ ]*\.so/ {print $3}' | sort -u | xargs -r cp -L -t "$to"
  strip "$to"/*
  du -sh "$to"
  exit
fi

build=build/release
if [[ -d build/gpu ]]; then
  build=build/gpu
elif [[ ! -x build/release/mini-infer ]]; then
  scripts/install_dependencies.sh
  cmake --preset release >/dev/null
  cmake --build --preset release
fi
export LD_LIBRARY_PATH=$PWD/$build:/usr/local/cuda/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
exec python3 scripts/gpu_check/main.py --build "$build" "$@"
