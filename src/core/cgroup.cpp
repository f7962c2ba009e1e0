#include "core/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mini_infer::core {
namespace {

using Path = std::filesystem::path;

// A hierarchy of groups: where it is mounted, and which of its folders that mount shows.
struct Mount {
  Path at;
  std::string shown;  // "/" or "/folder"
};

template <typename Number>
std::optional<Number> first_number(const Path& file) {
  std::ifstream in(file);
  Number number = 0;
  if (in >> number) return number;
  return std::nullopt;  // also for "max"
}

std::optional<std::size_t> number_behind(const Path& file, std::string_view name) {
  std::ifstream in(file);
  std::string word;
  std::size_t number = 0;
  while (in >> word >> number) {
    if (word == name) return number;
  }
  return std::nullopt;
}

bool lists(const std::string& words, std::string_view word) {
  std::istringstream in(words);
  for (std::string item; std::getline(in, item, ',');) {
    if (item == word) return true;
  }
  return false;
}

// A path of mountinfo has its blanks and backslashes as \ooo.
std::string decode(const std::string& text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      path += text[i];
      continue;
    }
    path += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
    i += 3;
  }
  return path;
}

// `controller`: of version 1; empty: version 2.
std::optional<Mount> find_mount(const Path& root, std::string_view controller) {
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string skipped, shown, at, word, type, source, options;
    fields >> skipped >> skipped >> skipped >> shown >> at;
    while (fields >> word && word != "-") {
    }
    fields >> type >> source >> options;
    const bool wanted =
        controller.empty() ? type == "cgroup2" : type == "cgroup" && lists(options, controller);
    if (wanted) return Mount{root / Path(decode(at)).relative_path(), decode(shown)};
  }
  return std::nullopt;
}

std::optional<std::string> find_group(const Path& root, std::string_view controller) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // 4:memory:/path, 0::/path
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : lists(controllers, controller)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

// The folder of the group, below its mount. A group that the mount does not show is the mount's own
// for all that can be known.
Path below(const std::string& group, const std::string& shown) {
  const Path path(group);
  if (std::find(path.begin(), path.end(), "..") != path.end()) return {};
  if (shown == "/") return path.relative_path();
  const bool inside = group == shown || group.starts_with(shown + "/");
  return inside ? Path(group.substr(shown.size())).relative_path() : Path();
}

// Folders of the process's group and of those around it.
std::vector<Path> groups(const Path& root, std::string_view controller) {
  const auto mount = find_mount(root, controller);
  const auto group = find_group(root, controller);
  if (!mount || !group) return {};
  std::vector<Path> folders{mount->at};
  for (const Path& part : below(*group, mount->shown)) {
    if (!part.empty()) folders.push_back(folders.back() / part);
  }
  return folders;
}

template <typename T>
void lower(std::optional<T>& least, std::optional<T> value) {
  if (value && (!least || *value < *least)) least = value;
}

// cpu.max: "150000 100000", or "max 100000".
std::optional<double> processors_2(const Path& group) {
  std::ifstream in(group / "cpu.max");
  double quota = 0, period = 0;
  if (in >> quota >> period && period > 0) return quota / period;
  return std::nullopt;
}

std::optional<double> processors_1(const Path& group) {
  const auto quota = first_number<double>(group / "cpu.cfs_quota_us");
  const auto period = first_number<double>(group / "cpu.cfs_period_us");
  if (quota && period && *quota > 0 && *period > 0) return *quota / *period;
  return std::nullopt;  // -1: no limit
}

struct MemoryFiles {
  const char* limit;
  const char* usage;
  const char* inactive;  // its name in memory.stat
};
constexpr MemoryFiles kMemory1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file"};
constexpr MemoryFiles kMemory2{"memory.max", "memory.current", "inactive_file"};

std::optional<std::size_t> free_bytes(const Path& group, const MemoryFiles& files) {
  // Version 1 says "no limit" by a number near 2^63.
  constexpr std::size_t kNone = std::size_t{1} << 62;
  const auto limit = first_number<std::size_t>(group / files.limit);
  const auto usage = first_number<std::size_t>(group / files.usage);
  if (!limit || !usage || *limit >= kNone) return std::nullopt;
  const std::size_t inactive = number_behind(group / "memory.stat", files.inactive).value_or(0);
  const std::size_t kept = *usage - std::min(*usage, inactive);
  return *limit - std::min(*limit, kept);
}

}  // namespace

std::optional<double> cgroup_processors(const Path& root) {
  std::optional<double> least;
  for (const Path& group : groups(root, "")) lower(least, processors_2(group));
  for (const Path& group : groups(root, "cpu")) lower(least, processors_1(group));
  return least;
}

std::optional<std::size_t> cgroup_free_bytes(const Path& root) {
  std::optional<std::size_t> least;
  for (const Path& group : groups(root, "")) lower(least, free_bytes(group, kMemory2));
  for (const Path& group : groups(root, "memory")) lower(least, free_bytes(group, kMemory1));
  return least;
}

}  // namespace mini_infer::core
