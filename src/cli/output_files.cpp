#include "cli/output_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <system_error>

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

core::Result<std::unique_ptr<importers::OutputFile>> open_output(const std::string& path) {
  if (path.empty()) return std::unique_ptr<importers::OutputFile>();
  return importers::OutputFile::open(path);
}

Status write_text(importers::OutputFile& file, const std::string& text) {
  const std::string_view parts[] = {text};
  return file.write(parts);
}

Status make_output_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error) return Status::SUCCESS;
  return {Status::ERROR_IO,
          "no file can be written in '" + folder.string() + "': " + error.message()};
}

core::Result<std::vector<std::filesystem::path>> write_outputs(
    const std::filesystem::path& folder, const std::vector<NamedOutput>& outputs) {
  std::set<std::string> taken;
  std::vector<std::filesystem::path> paths;
  for (const auto& [name, tensor] : outputs) {
    const std::string wanted = safe_name(name);
    std::string chosen = wanted;
    for (int i = 1; !taken.insert(chosen).second; ++i) chosen = wanted + "_" + std::to_string(i);
    paths.push_back(folder / (chosen + ".npy"));
    MI_TRY(importers::write_npy(paths.back(), tensor));
  }
  return paths;
}

}  // namespace mini_infer::cli
