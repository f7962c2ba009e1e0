#pragma once

#include <filesystem>
#include <string>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"

namespace mini_infer::core {

// How many threads share the work of a run, and what decided that, in words: "affinity".
struct ThreadCount {
  int threads = 1;
  std::string decided_by;
};

// The environment variable MINI_INFER_THREADS, where it is set: ERROR_INVALID_ARGUMENT unless it is
// a number from 1 to ThreadPool::kMostThreads. Else the smaller of the processors that the calling
// thread may use and the processor time of its control groups, rounded up; see cgroup.h for `root`.
[[nodiscard]] MINI_INFER_API Result<ThreadCount> default_thread_count(
    const std::filesystem::path& root = "/");

}  // namespace mini_infer::core
