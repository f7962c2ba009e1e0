#include "importers/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include "core/try.h"
#include "importers/mapped_file.h"

namespace mini_infer::importers {
namespace {

using core::Status;

Status write_all(const FileDescriptor& file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("write", name);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status::SUCCESS;
}

// A name that no other writer of this file uses.
std::string partial_name(const std::string& name) {
  static std::atomic<unsigned> count = 0;
  return name + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

}  // namespace

Status write_file(const std::filesystem::path& path, std::span<const std::string_view> parts) {
  const std::string name = path.string();
  const std::string partial = partial_name(name);
  const FileDescriptor file(::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) return io_error("create", name);
  Status status = Status::SUCCESS;
  for (std::string_view part : parts) {
    if (status.ok()) status = write_all(file, part, name);
  }
  if (status.ok() && ::fsync(file.number()) != 0) status = io_error("write", name);
  if (status.ok() && std::rename(partial.c_str(), name.c_str()) != 0) {
    status = io_error("replace", name);
  }
  if (!status.ok()) ::unlink(partial.c_str());
  return status;
}

}  // namespace mini_infer::importers
