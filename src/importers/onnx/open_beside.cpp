#include "importers/onnx/open_beside.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "core/try.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using std::filesystem::path;

// The text whole, also where a NUL would end it for whoever prints it.
std::string visible(std::string_view location) {
  std::string text;
  for (const char c : location) text += c == '\0' ? std::string("\\0") : std::string(1, c);
  return text;
}

// What the text of a location may not say, whatever is on the disk.
Status check_text(std::string_view location) {
  auto refuse = [&](const char* reason) -> Status {
    return {Status::ERROR_INVALID_MODEL,
            "external data location '" + visible(location) + "' is refused: " + reason};
  };
  if (location.empty()) return refuse("it is empty");
  if (location.find('\0') != std::string_view::npos) return refuse("it holds a NUL");
  if (location.front() == '/') return refuse("it must be relative to the model's folder");
  bool names_file = false;
  for (const path& part : path(location)) {
    if (part == "..") return refuse("'..' may leave the model's folder");
    names_file |= !part.empty() && part != ".";
  }
  if (!names_file) return refuse("it names no file");
  return Status::SUCCESS;
}

Status failed(const path& name, const std::error_code& reason) {
  return {Status::ERROR_IO,
          "cannot open external data '" + name.string() + "': " + reason.message()};
}

path folder_of(const path& file) { return file.has_parent_path() ? file.parent_path() : path("."); }

bool is_beneath(const path& folder, const path& file) {
  const auto [rest, stop] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return rest == folder.end() || (*rest == "" && std::next(rest) == folder.end());
}

// Where data of the model may lie, without links.
core::Result<std::vector<path>> allowed_folders(const path& model) {
  std::error_code error;
  std::vector<path> folders = {std::filesystem::canonical(folder_of(model), error)};
  if (error) return failed(folder_of(model), error);
  const path resolved = std::filesystem::canonical(model, error);
  if (!error && resolved.parent_path() != folders.front()) {
    folders.push_back(resolved.parent_path());
  }
  return folders;
}

// Walks from `folder` to `file`, which lies beneath it, and follows no link on the way: a step that
// has become one since the path was resolved must not lead out of the folder.
core::Result<FileDescriptor> walk(const path& folder, const path& file) {
  FileDescriptor here(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!here.valid()) return io_error("open folder", folder.string());
  const path rest = file.lexically_relative(folder);
  for (auto step = rest.begin(); step != rest.end(); ++step) {
    const int kind = std::next(step) == rest.end() ? O_NONBLOCK : O_DIRECTORY;
    FileDescriptor next(
        ::openat(here.number(), step->c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind));
    if (!next.valid()) return io_error("open external data", file.string());
    here = std::move(next);
  }
  return here;
}

}  // namespace

core::Result<FileDescriptor> open_beside(const path& model, std::string_view location) {
  MI_TRY(check_text(location));
  MI_ASSIGN(const std::vector<path> folders, allowed_folders(model));
  const path named = folder_of(model) / location;
  std::error_code error;
  const path file = std::filesystem::canonical(named, error);
  if (error) return failed(named, error);
  std::string allowed;
  for (const path& folder : folders) {
    if (is_beneath(folder, file)) return walk(folder, file);
    allowed += (allowed.empty() ? "'" : " or '") + folder.string() + "'";
  }
  return {Status::ERROR_IO, "external data '" + named.string() + "' is refused: it leads to '" +
                                file.string() + "', which is not beneath " + allowed +
                                "; put the file, or a link to a file there, into that folder"};
}

}  // namespace mini_infer::importers
