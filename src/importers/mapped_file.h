#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// Owns an open file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor();

  bool valid() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

// A regular, non-empty file mapped read-only for as long as the object lives. Whoever shrinks the
// file meanwhile kills readers with SIGBUS. Immutable; safe to read from several threads.
class MappedFile {
 public:
  // ERROR_IO names the file and the reason.
  static core::Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  // The same for a file that is open already; `name` is for errors.
  static core::Result<std::shared_ptr<const MappedFile>> map(const FileDescriptor& file,
                                                             const std::string& name);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

// Bytes and what keeps them alive.
struct Region {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// ERROR_IO "cannot <action> '<name>': <text of errno>".
[[nodiscard]] core::Status io_error(const char* action, const std::string& name);

}  // namespace mini_infer::importers
