#!/usr/bin/env bash
# Runs the unit tests on an emulated x86-64 CPU that has no AVX, with the release build as it is:
#   scripts/test_emulated.sh [CPU]      a CPU of `qemu-x86_64 -cpu help`; default: Nehalem-v1
set -euo pipefail
cpu=${1:-Nehalem-v1}
cd "$(dirname "$0")/.."

if [[ $(uname -m) != x86_64 ]]; then
  echo "Emulated tests skipped: this machine is no x86-64"
  exit 0
fi
scripts/install_dependencies.sh qemu-user
# Emulated in the emulation, a GPU would take long and tell nothing about the CPU.
export MINI_INFER_WITHOUT_CUDA=1
for tests in core graph ops optimizer schedule runtime; do
  echo "$tests on $cpu"
  qemu-x86_64 -cpu "$cpu" "build/release/tests/${tests}_tests" --gtest_brief=1 \
    --gtest_filter=-Cuda*
done
