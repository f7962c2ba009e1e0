#include "cli/process_memory.h"

#include <fstream>
#include <sstream>
#include <string>

namespace mini_infer::cli {

ProcessMemory process_memory() {
  ProcessMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string key, unit;
    std::size_t count = 0;
    if (!(words >> key >> count >> unit) || unit != "kB") continue;
    if (key == "VmRSS:") memory.resident = count * 1024;
    if (key == "VmHWM:") memory.peak_resident = count * 1024;
  }
  return memory;
}

}  // namespace mini_infer::cli
