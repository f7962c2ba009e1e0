#include "core/usable_processors.h"

#include <sched.h>

#include <cstring>
#include <system_error>
#include <thread>

namespace mini_infer::core {
namespace {

// Asks for all processors, and then which of them the system has granted. This changes where the
// calling thread may run.
cpu_set_t widest_affinity() {
  cpu_set_t set;
  std::memset(&set, 0xff, sizeof set);
  sched_setaffinity(0, sizeof set, &set);
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return set;
}

}  // namespace

std::vector<int> usable_processors() {
  cpu_set_t set;
  try {
    std::thread([&set] { set = widest_affinity(); }).join();
  } catch (const std::system_error&) {  // no thread can be made: what this one may use
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
  }
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<std::size_t>(i), &set)) processors.push_back(i);
  }
  return processors;
}

std::string processor_ranges(const std::vector<int>& ascending) {
  std::string text;
  for (std::size_t first = 0, last = 0; first < ascending.size(); first = last + 1) {
    last = first;
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(ascending[first]);
    if (last > first) text.append("-").append(std::to_string(ascending[last]));
  }
  return text;
}

}  // namespace mini_infer::core
