#include "core/host_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "core/cgroup.h"
#include "mini_infer/core/types.h"

namespace mini_infer::core {

namespace {

std::size_t available_to_all(const std::filesystem::path& root) {
  std::ifstream facts(root / "proc/meminfo");
  std::string name, unit;
  std::size_t kibibytes = 0;
  while (facts >> name >> kibibytes && std::getline(facts, unit)) {
    if (name == "MemAvailable:") return kibibytes * 1024;
  }
  return std::numeric_limits<std::size_t>::max();
}

}  // namespace

std::size_t available_host_bytes(const std::filesystem::path& root) {
  const std::size_t available = available_to_all(root);
  return std::min(available, cgroup_free_bytes(root).value_or(available));
}

bool fits_host(std::size_t bytes, std::size_t ask_from, const std::filesystem::path& root) {
  return bytes < ask_from || bytes <= available_host_bytes(root);
}

void prefer_large_pages(void* memory, std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  if (bytes < kFewestLargeBytes) return;
  const auto first = core::align_up(reinterpret_cast<std::size_t>(memory), kPage);
  const auto last = (reinterpret_cast<std::size_t>(memory) + bytes) / kPage * kPage;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace mini_infer::core
