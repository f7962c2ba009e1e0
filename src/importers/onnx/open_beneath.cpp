#include "importers/onnx/open_beneath.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "core/try.h"

namespace mini_infer::importers {
namespace {

using core::Status;

core::Result<std::vector<std::string>> components(std::string_view location) {
  auto refuse = [&](const char* reason) -> Status {
    return {Status::ERROR_INVALID_MODEL,
            "external data location '" + std::string(location) + "' is refused: " + reason};
  };
  if (location.empty()) return refuse("it is empty");
  if (location.find('\0') != std::string_view::npos) return refuse("it holds a NUL");
  if (location.front() == '/') return refuse("it must be relative to the model's folder");
  std::vector<std::string> parts;
  while (!location.empty()) {
    const std::size_t slash = std::min(location.find('/'), location.size());
    const std::string_view part = location.substr(0, slash);
    location.remove_prefix(std::min(slash + 1, location.size()));
    if (part == "..") return refuse("'..' may leave the model's folder");
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  if (parts.empty()) return refuse("it names no file");
  return parts;
}

// Opens one step of the path, which must not be a symbolic link.
core::Result<FileDescriptor> open_step(const FileDescriptor& folder, const std::string& step,
                                       int flags, const std::string& location) {
  FileDescriptor opened(
      ::openat(folder.number(), step.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (opened.valid()) return opened;
  const Status failed = io_error("open external data", location);
  struct stat facts = {};
  if (::fstatat(folder.number(), step.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISLNK(facts.st_mode)) {
    return {Status::ERROR_IO,
            "external data '" + location + "' is refused: '" + step +
                "' is a symbolic link; put the file itself in the model's folder"};
  }
  return failed;
}

Status check_file(const FileDescriptor& file, const std::string& location) {
  struct stat facts = {};
  if (::fstat(file.number(), &facts) != 0) return io_error("examine external data", location);
  if (!S_ISREG(facts.st_mode)) {
    return {Status::ERROR_IO, "external data '" + location + "' is not a regular file"};
  }
  if (facts.st_nlink > 1) {
    return {Status::ERROR_IO, "external data '" + location +
                                  "' is refused: it is a hard link, which may be a file from "
                                  "elsewhere; put a copy in the model's folder"};
  }
  return Status::SUCCESS;
}

}  // namespace

core::Result<FileDescriptor> open_beneath(const std::filesystem::path& folder,
                                          std::string_view location) {
  MI_ASSIGN(const std::vector<std::string> parts, components(location));
  const std::string name(location);
  FileDescriptor here(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!here.valid()) return io_error("open folder", folder.string());
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    MI_ASSIGN(here, open_step(here, parts[i], O_RDONLY | O_DIRECTORY, name));
  }
  MI_ASSIGN(FileDescriptor file, open_step(here, parts.back(), O_RDONLY, name));
  MI_TRY(check_file(file, name));
  return file;
}

}  // namespace mini_infer::importers
