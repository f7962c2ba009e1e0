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

# run TESTS [SHARD COUNT]
run() {
  echo "$1 on $cpu"
  GTEST_SHARD_INDEX=${2:-0} GTEST_TOTAL_SHARDS=${3:-1} qemu-x86_64 -cpu "$cpu" \
    "build/release/tests/$1_tests" --gtest_brief=1 --gtest_filter=-Cuda*
}

# The longest suite in as many parts as there are processors.
shards=$(nproc)
pids=()
for ((shard = 0; shard < shards; ++shard)); do
  run ops "$shard" "$shards" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
for tests in core graph optimizer schedule runtime; do run "$tests"; done
