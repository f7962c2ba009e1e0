#include "importers/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace mini_infer::importers {

using core::Status;

FileDescriptor::~FileDescriptor() {
  if (valid()) ::close(number_);
}

core::Result<std::shared_ptr<const MappedFile>> MappedFile::open(
    const std::filesystem::path& path) {
  // O_NONBLOCK: opening a named pipe must not wait for its writer.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return io_error("open", path.string());
  return map(file, path.string());
}

core::Result<std::shared_ptr<const MappedFile>> MappedFile::map(const FileDescriptor& file,
                                                                const std::string& name) {
  struct stat facts = {};
  if (::fstat(file.number(), &facts) != 0) return io_error("examine", name);
  if (!S_ISREG(facts.st_mode)) return {Status::ERROR_IO, "'" + name + "' is not a regular file"};
  if (facts.st_size == 0) return {Status::ERROR_IO, "'" + name + "' is empty"};
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (memory == MAP_FAILED) return io_error("map", name);
  return std::shared_ptr<const MappedFile>(
      new MappedFile({static_cast<const std::byte*>(memory), size}));
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }

Status io_error(const char* action, const std::string& name) {
  return {Status::ERROR_IO, std::string("cannot ") + action + " '" + name +
                                "': " + std::generic_category().message(errno)};
}

}  // namespace mini_infer::importers
