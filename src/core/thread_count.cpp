#include "core/thread_count.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/cgroup.h"
#include "core/thread_pool.h"

namespace mini_infer::core {
namespace {

constexpr const char* kVariable = "MINI_INFER_THREADS";

Result<ThreadCount> named_count(std::string_view text) {
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || end != text.data() + text.size() || threads < 1 ||
      threads > ThreadPool::kMostThreads) {
    return {Status::ERROR_INVALID_ARGUMENT,
            std::string("environment variable ") + kVariable + ": expected a number from 1 to " +
                std::to_string(ThreadPool::kMostThreads) + ", found '" + std::string(text) +
                "'; change it or unset it"};
  }
  return ThreadCount{threads, kVariable};
}

// The mask of the system may be wider than a cpu_set_t.
int affine_processors() {
  for (int most = CPU_SETSIZE; most <= 64 * CPU_SETSIZE; most *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(most));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return 1;
}

}  // namespace

Result<ThreadCount> default_thread_count(const std::filesystem::path& root) {
  const char* named = std::getenv(kVariable);
  if (named != nullptr && *named != '\0') return named_count(named);
  const int processors = std::min(affine_processors(), ThreadPool::kMostThreads);
  const auto quota = cgroup_processors(root);
  if (quota && std::ceil(*quota) < processors) {
    return ThreadCount{std::max(1, static_cast<int>(std::ceil(*quota))), "cgroup quota"};
  }
  return ThreadCount{processors, "affinity"};
}

}  // namespace mini_infer::core
