#include "core/host_memory.h"

#include <sys/mman.h>

#include <fstream>
#include <limits>
#include <string>

#include "mini_infer/core/types.h"

namespace mini_infer::core {

std::size_t available_host_bytes() {
  std::ifstream facts("/proc/meminfo");
  std::string name, unit;
  std::size_t kibibytes = 0;
  while (facts >> name >> kibibytes && std::getline(facts, unit)) {
    if (name == "MemAvailable:") return kibibytes * 1024;
  }
  return std::numeric_limits<std::size_t>::max();
}

void prefer_large_pages(void* memory, std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  if (bytes < kFewestLargeBytes) return;
  const auto first = core::align_up(reinterpret_cast<std::size_t>(memory), kPage);
  const auto last = (reinterpret_cast<std::size_t>(memory) + bytes) / kPage * kPage;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace mini_infer::core
