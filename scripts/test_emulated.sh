#!/usr/bin/env bash
# Runs the unit tests on an emulated CPU:
#   scripts/test_emulated.sh [CPU]    x86-64 without AVX, with the release build as it is; a CPU of
#                                     `qemu-x86_64 -cpu help`; default: Nehalem-v1
#   scripts/test_emulated.sh arm      64-bit Arm, cross-compiled into build/arm
set -euo pipefail
cpu=${1:-Nehalem-v1}
cd "$(dirname "$0")/.."
suites=(ops core graph optimizer schedule runtime)

if [[ $(uname -m) != x86_64 ]]; then
  echo "Emulated tests skipped: this machine is no x86-64"
  exit 0
fi
if [[ $cpu == arm ]]; then
  if ! dpkg --print-foreign-architectures | grep -qx arm64; then
    echo "Please let packages of Arm be installed: dpkg --add-architecture arm64" >&2
    exit 1
  fi
  scripts/install_dependencies.sh qemu-user g++-aarch64-linux-gnu \
    {zlib1g,libgtest,libgmock}-dev:arm64
  suites+=(planner judge importers report)
  cmake --preset arm >/dev/null
  cmake --build --preset arm --target "${suites[@]/%/_tests}"
  build=build/arm emulator=(qemu-aarch64)
else
  scripts/install_dependencies.sh qemu-user
  build=build/release emulator=(qemu-x86_64 -cpu "$cpu")
fi
# Emulated in the emulation, a GPU would take long and tell nothing about the CPU.
export MINI_INFER_WITHOUT_CUDA=1

# QEMU itself fails an assertion where a child of a process with threads makes a thread of its own.
# run TESTS [SHARD SHARD_COUNT]
run() {
  echo "$1 on $cpu"
  GTEST_SHARD_INDEX=${2:-0} GTEST_TOTAL_SHARDS=${3:-1} "${emulator[@]}" \
    "$build/tests/$1_tests" --gtest_brief=1 "--gtest_filter=-Cuda*:*Fork*"
}

# The longest suite in as many parts as there are processors.
shards=$(nproc)
pids=()
for ((shard = 0; shard < shards; ++shard)); do
  run ops "$shard" "$shards" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
for tests in "${suites[@]:1}"; do run "$tests"; done
