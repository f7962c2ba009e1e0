#include "cli/output_files.h"

#include <set>
#include <system_error>

#include "cli/input_files.h"
#include "core/try.h"
#include "importers/tensor_file.h"

namespace mini_infer::cli {
namespace {

using core::Status;

std::string safe_name(std::string name) {
  constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  for (char& c : name) {
    if (kSafe.find(c) == std::string_view::npos) c = '_';
  }
  if (name.empty() || name.front() == '.') name.insert(name.begin(), '_');
  return name;
}

}  // namespace

core::Result<std::vector<std::filesystem::path>> write_outputs(
    const std::filesystem::path& folder, const std::vector<NamedOutput>& outputs) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return {Status::ERROR_INVALID_ARGUMENT, folder.string() + ": " + error.message()};
  }
  std::set<std::string> taken;
  std::vector<std::filesystem::path> paths;
  for (const auto& [name, tensor] : outputs) {
    const std::string wanted = safe_name(name);
    std::string chosen = wanted;
    for (int i = 1; !taken.insert(chosen).second; ++i) chosen = wanted + "_" + std::to_string(i);
    paths.push_back(folder / (chosen + ".npy"));
    MI_TRY(as_argument(importers::write_npy(paths.back(), tensor)));
  }
  return paths;
}

}  // namespace mini_infer::cli
