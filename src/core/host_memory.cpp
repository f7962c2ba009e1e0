#include "core/host_memory.h"

#include <fstream>
#include <limits>
#include <string>

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

}  // namespace mini_infer::core
