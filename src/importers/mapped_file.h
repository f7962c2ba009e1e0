#pragma once

#include <cstddef>
#include <ctime>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/backing_file.h"
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

// A regular, non-empty file mapped read-only for as long as the object lives. If somebody shrinks
// the file meanwhile, reading the bytes that are gone is a SIGBUS; check_unchanged() tells before.
// Immutable; safe to read from several threads.
class MappedFile : public core::BackingFile {
 public:
  // ERROR_IO names the file and the reason.
  static core::Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  // The same for a file that is open already; `name` is for errors.
  static core::Result<std::shared_ptr<const MappedFile>> map(FileDescriptor file,
                                                             const std::string& name);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() override;

  [[nodiscard]] core::Status check_unchanged() const override;
  void release(std::span<const std::byte> bytes) const override;
  void release_all() const override { release(bytes_); }

  std::string_view name() const override { return name_; }
  std::span<const std::byte> bytes() const override { return bytes_; }

 private:
  MappedFile(std::span<const std::byte> bytes, FileDescriptor file, std::string name,
             std::timespec changed)
      : bytes_(bytes), file_(std::move(file)), name_(std::move(name)), changed_(changed) {}

  std::span<const std::byte> bytes_;
  FileDescriptor file_;  // stays open: the name may lead to another file later
  std::string name_;
  std::timespec changed_;  // when its content was last changed, when it was opened
};

// Bytes and what keeps them alive.
struct Region {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// Opens a file for reading. ERROR_IO names the file and the reason.
[[nodiscard]] core::Result<FileDescriptor> open_file(const std::filesystem::path& path);

// The whole of a regular, non-empty file, copied into memory. ERROR_IO names the file when it
// cannot be read or changes meanwhile; ERROR_OUT_OF_MEMORY when the host has no room for it.
[[nodiscard]] core::Result<Region> read_whole(const FileDescriptor& file, const std::string& name);

// ERROR_IO "cannot <action> '<name>': <text of errno>".
[[nodiscard]] core::Status io_error(const char* action, const std::string& name);

}  // namespace mini_infer::importers
