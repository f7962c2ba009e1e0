#include "cli/buffer_file.h"

#include <string_view>
#include <unordered_map>

#include "cli/buffer_csv.h"
#include "cli/buffer_json.h"
#include "cli/input_files.h"
#include "core/try.h"

namespace mini_infer::cli {
namespace {

using core::Status;

Status check_ids(const BufferFile& file) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < file.ids.size(); ++i) {
    const auto [first, is_new] = seen.emplace(file.ids[i], i);
    if (is_new) continue;
    return {Status::ERROR_INVALID_ARGUMENT,
            file.where(i) + ": id '" + file.ids[i] + "' is taken, by " + file.where(first->second)};
  }
  return Status::SUCCESS;
}

}  // namespace

std::string BufferFile::where(std::size_t buffer) const {
  return path + (json ? ": buffer " : ":") + std::to_string(rows[buffer]);
}

core::Result<BufferFile> read_buffers(const std::string& path) {
  BufferFile file;
  file.path = path;
  file.json = path.ends_with(".json");
  MI_ASSIGN(const std::string text, read_text(path, "a CSV or JSON file of buffers"));
  MI_TRY(file.json ? parse_json(text, file) : parse_csv(text, file));
  MI_TRY(check_ids(file));
  return file;
}

std::string to_text(const BufferFile& file, const std::vector<std::int64_t>& offsets) {
  return file.json ? to_json(file, offsets) : to_csv(file, offsets);
}

}  // namespace mini_infer::cli
