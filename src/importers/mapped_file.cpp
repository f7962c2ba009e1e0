#include "importers/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "core/try.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::importers {
namespace {

using core::Status;

core::Result<struct stat> facts_of(const FileDescriptor& file, const std::string& name) {
  struct stat facts = {};
  if (::fstat(file.number(), &facts) != 0) return io_error("examine", name);
  return facts;
}

// Facts of a file that can be mapped or read whole.
core::Result<struct stat> check_regular(const FileDescriptor& file, const std::string& name) {
  MI_ASSIGN(const struct stat facts, facts_of(file, name));
  if (!S_ISREG(facts.st_mode)) return {Status::ERROR_IO, "'" + name + "' is not a regular file"};
  if (facts.st_size == 0) return {Status::ERROR_IO, "'" + name + "' is empty"};
  return facts;
}

bool is_same_time(const std::timespec& a, const std::timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

Status compare(const struct stat& now, std::size_t bytes, const std::timespec& changed,
               const std::string& name) {
  if (static_cast<std::size_t>(now.st_size) != bytes) {
    return {Status::ERROR_IO, "'" + name + "' had " + std::to_string(bytes) +
                                  " bytes when it was opened and has " +
                                  std::to_string(now.st_size) +
                                  " now; import the model again when the file is complete"};
  }
  if (!is_same_time(now.st_mtim, changed)) {
    return {Status::ERROR_IO, "'" + name +
                                  "' was written to after it was opened; import the model again "
                                  "when the file is complete"};
  }
  return Status::SUCCESS;
}

Status read_into(std::span<std::byte> to, const FileDescriptor& file, const std::string& name) {
  std::size_t filled = 0;
  while (filled < to.size()) {
    const ssize_t got =
        ::pread(file.number(), to.data() + filled, to.size() - filled, static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", name);
    if (got == 0) break;  // shorter than it was: the comparison that follows says so
    filled += static_cast<std::size_t>(got);
  }
  return Status::SUCCESS;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (valid()) ::close(number_);
}

core::Result<FileDescriptor> open_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a named pipe must not wait for its writer.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return io_error("open", path.string());
  return file;
}

core::Result<std::shared_ptr<const MappedFile>> MappedFile::open(
    const std::filesystem::path& path) {
  MI_ASSIGN(FileDescriptor file, open_file(path));
  return map(std::move(file), path.string());
}

core::Result<std::shared_ptr<const MappedFile>> MappedFile::map(FileDescriptor file,
                                                                const std::string& name) {
  MI_ASSIGN(const struct stat facts, check_regular(file, name));
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (memory == MAP_FAILED) return io_error("map", name);
  return std::shared_ptr<const MappedFile>(new MappedFile(
      {static_cast<const std::byte*>(memory), size}, std::move(file), name, facts.st_mtim));
}

MappedFile::~MappedFile() { ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }

Status MappedFile::check_unchanged() const {
  MI_ASSIGN(const struct stat now, facts_of(file_, name_));
  return compare(now, bytes_.size(), changed_, name_);
}

void MappedFile::release(std::span<const std::byte> bytes) const {
  if (bytes.data() < bytes_.data() || bytes.data() + bytes.size() > bytes_.data() + bytes_.size()) {
    return;
  }
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

core::Result<Region> read_whole(const FileDescriptor& file, const std::string& name) {
  MI_ASSIGN(const struct stat facts, check_regular(file, name));
  const auto size = static_cast<std::size_t>(facts.st_size);
  auto memory = core::Tensor::allocate(core::DataType::kUInt8, {static_cast<std::int64_t>(size)});
  if (!memory.ok()) return memory.status().with_context("'" + name + "'");
  MI_TRY(read_into(memory->mutable_bytes(), file, name));
  MI_ASSIGN(const struct stat now, facts_of(file, name));
  MI_TRY(compare(now, size, facts.st_mtim, name));
  const auto owner = std::make_shared<const core::Tensor>(std::move(*memory));
  return Region{owner->bytes(), owner};
}

Status io_error(const char* action, const std::string& name) {
  return {Status::ERROR_IO, std::string("cannot ") + action + " '" + name +
                                "': " + std::generic_category().message(errno)};
}

}  // namespace mini_infer::importers
