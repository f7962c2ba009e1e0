#include "cli/device_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "cli/input_files.h"
#include "cli/text.h"

namespace mini_infer::cli {
namespace {

namespace fs = std::filesystem;

// Beside the installed tool, or the one in the folder it was built in; empty if there is none.
fs::path folder() {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& known : {own / MINI_INFER_DEVICES_FROM_BIN, own / "devices"}) {
    if (fs::is_directory(known, error)) return known;
  }
  return {};
}

}  // namespace

std::vector<std::string> known_devices() {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".json") names.push_back(entry->path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

core::Result<std::string> read_device_properties(const std::string& name_or_path) {
  const std::vector<std::string> known = known_devices();
  const bool is_name = std::find(known.begin(), known.end(), name_or_path) != known.end();
  const fs::path path = is_name ? folder() / (name_or_path + ".json") : fs::path(name_or_path);
  return read_text(path, "a file of device properties, or one of the devices " + join(known, ", "));
}

}  // namespace mini_infer::cli
