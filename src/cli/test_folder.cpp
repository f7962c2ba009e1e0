#include "cli/test_folder.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <system_error>

namespace mini_infer::cli {
namespace {

using core::Status;
using std::filesystem::path;

std::vector<path> subfolders(const path& folder) {
  std::vector<path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; entry != end;
       entry.increment(error)) {
    if (entry->is_directory(error)) found.push_back(entry->path());
    if (error) break;
  }
  std::sort(found.begin(), found.end());
  return found;
}

void collect(const path& folder, int levels, std::vector<path>& found) {
  if (std::filesystem::is_regular_file(folder / "model.onnx")) {
    found.push_back(folder);
  } else if (levels > 0) {
    for (const path& below : subfolders(folder)) collect(below, levels - 1, found);
  }
}

std::vector<path> numbered_files(const path& folder, const std::string& stem) {
  std::vector<path> files;
  for (int i = 0;; ++i) {
    path file = folder / (stem + std::to_string(i) + ".pb");
    if (!std::filesystem::is_regular_file(file)) return files;
    files.push_back(std::move(file));
  }
}

}  // namespace

core::Result<std::vector<path>> find_test_folders(const std::vector<std::string>& roots) {
  constexpr int kLevels = 2;
  std::vector<path> found;
  for (const std::string& root : roots) {
    const std::size_t before = found.size();
    collect(root, kLevels, found);
    if (found.size() > before) continue;
    return {Status::ERROR_INVALID_ARGUMENT,
            root + (std::filesystem::is_directory(root)
                        ? ": no model.onnx here or up to two levels below"
                        : ": is not a folder")};
  }
  return found;
}

std::vector<DataSet> find_data_sets(const path& folder) {
  constexpr std::string_view kPrefix = "test_data_set_";
  std::map<int, path> by_number;
  for (const path& below : subfolders(folder)) {
    const std::string name = below.filename();
    if (!name.starts_with(kPrefix)) continue;
    int number = 0;
    const char* end = name.data() + name.size();
    const auto [stopped, error] = std::from_chars(name.data() + kPrefix.size(), end, number);
    if (error == std::errc() && stopped == end) by_number.emplace(number, below);
  }
  std::vector<DataSet> sets;
  for (const auto& [number, below] : by_number) {
    sets.push_back(
        {below.filename(), numbered_files(below, "input_"), numbered_files(below, "output_")});
  }
  return sets;
}

}  // namespace mini_infer::cli
