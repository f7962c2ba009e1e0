#!/usr/bin/env bash
# Runs what several threads do at once under ThreadSanitizer:
#   scripts/test_tsan.sh [GTEST_FILTER]    default: pools, contexts, shared arenas, forks, callbacks
# A report is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

suites=(core runtime cuda)
filter=${1:-'ThreadPool*:FloatEnvironment*:Log*:Engine*:FloatState*:Fork*:SharedArena*:ParallelArena*:CudaEngine*:CudaFork*:Fallback*'}

scripts/install_dependencies.sh clang libclang-rt-dev
cmake --preset tsan >/dev/null
cmake --build --preset tsan --target "${suites[@]/%/_tests}"
# Tests fork while other threads run, and make threads in the child.
export TSAN_OPTIONS="halt_on_error=1 die_after_fork=0 ${TSAN_OPTIONS:-}"
export MINI_INFER_CUDA_LIBRARY=$PWD/build/tsan/libmini_infer_cuda_emulated.so
for suite in "${suites[@]}"; do
  echo "ThreadSanitizer: $suite"
  "build/tsan/tests/${suite}_tests" --gtest_brief=1 --gtest_filter="$filter"
done
