#include "importers/write_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "core/try.h"
#include "importers/mapped_file.h"
#include "importers/partial_files.h"
#include "mini_infer/core/log.h"

namespace mini_infer::importers {
namespace {

namespace fs = std::filesystem;
using core::Status;
using Facts = struct stat;

// Where the bytes go in the end.
struct Target {
  std::string path;               // links followed
  std::optional<int> descriptor;  // of this process, which /dev/stdout and /dev/fd/N name
  std::optional<Facts> facts;     // of what is there already
};

std::string error_text(int error) { return std::generic_category().message(error); }

std::optional<Facts> facts_of(const std::string& path) {
  Facts facts = {};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return facts;
}

// N, if `path` is this process's /proc/self/fd/N.
std::optional<int> descriptor_of(const fs::path& path) {
  std::error_code error;
  const fs::path own = fs::canonical("/proc/self/fd", error);
  if (error || fs::canonical(path.parent_path(), error) != own) return std::nullopt;
  int number = 0;
  char beyond = 0;
  const int read = std::sscanf(path.filename().c_str(), "%d%c", &number, &beyond);
  return read == 1 ? std::optional<int>(number) : std::nullopt;
}

core::Result<Target> follow(const fs::path& path) {
  constexpr int kMostLinks = 40;
  errno = path.empty() ? ENOENT : EISDIR;
  if (!path.has_filename()) return io_error("write", path.string());
  fs::path at = path;
  for (int links = 0; links < kMostLinks; ++links) {
    if (const auto descriptor = descriptor_of(at)) return Target{at, descriptor, facts_of(at)};
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlink(at.c_str(), text.data(), text.size());
    if (length < 0) return Target{at, std::nullopt, facts_of(at)};
    at = at.parent_path() / std::string(text.data(), static_cast<std::size_t>(length));
  }
  errno = ELOOP;
  return io_error("write", path.string());
}

FileDescriptor open_file(const std::string& path, int flags, mode_t mode = 0) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC | O_NOCTTY, mode);
  } while (number < 0 && errno == EINTR);
  return FileDescriptor(number);
}

Status write_all(const FileDescriptor& file, std::span<const std::string_view> parts,
                 const std::string& name) {
  for (std::string_view bytes : parts) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return io_error("write", name);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  return Status::SUCCESS;
}

// Whether a file that cannot be replaced for this reason may still be written.
bool may_be_written_in_place(int error) {
  return error == EBUSY || error == EACCES || error == EPERM || error == EROFS || error == EXDEV;
}

// Why the file is not replaced; empty where it can be.
std::string why_in_place(const Target& target) {
  if (!target.facts) return "";
  if (!S_ISREG(target.facts->st_mode) || target.descriptor) return "it is no regular file";
  if (target.facts->st_nlink > 1) {
    return "it has " + std::to_string(target.facts->st_nlink) +
           " links, which are to stay one file";
  }
  return "";
}

// Beside the target, so that a rename is enough; in a name that nobody else takes.
core::Result<std::string> partial_name(const std::string& target) {
  std::array<unsigned char, 8> random{};
  if (::getentropy(random.data(), random.size()) != 0) return io_error("create", target);
  std::string name = ".mini-infer-";
  for (const unsigned char byte : random) {
    constexpr const char* kDigits = "0123456789abcdef";
    name += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return (fs::path(target).parent_path() / (name + ".partial")).string();
}

// Gives a new file the mode, owner and group of the one that it is to replace.
bool take_over(const FileDescriptor& file, const Facts& old) {
  Facts fresh = {};
  if (::fstat(file.number(), &fresh) != 0) return false;
  const bool owned = fresh.st_uid == old.st_uid && fresh.st_gid == old.st_gid;
  if (!owned && ::fchown(file.number(), old.st_uid, old.st_gid) != 0) return false;
  return ::fchmod(file.number(), old.st_mode & 07777) == 0;
}

}  // namespace

struct OutputFile::State {
  std::string name;  // as the caller says it
  Target target;
  std::unique_ptr<PartialFile> partial;  // null: written in place
  FileDescriptor file;                   // the partial one, or the target itself
  std::string reason;                    // why in place

  // Returns 0, or the error's number.
  int begin_replacing();
  Status open_in_place(std::string why);
  Status replace(std::span<const std::string_view> parts);
  Status write_in_place(std::span<const std::string_view> parts);
};

int OutputFile::State::begin_replacing() {
  const auto beside = partial_name(target.path);
  if (!beside.ok()) return errno;
  auto fresh = std::make_unique<PartialFile>(*beside);
  // Nobody reads what was for its owner alone, not even before it is there as a whole.
  FileDescriptor opened = open_file(*beside, O_CREAT | O_EXCL, target.facts ? 0600 : 0666);
  if (!opened.valid()) return errno;
  if (target.facts && !take_over(opened, *target.facts)) return errno;
  partial = std::move(fresh);
  file = std::move(opened);
  return 0;
}

Status OutputFile::State::open_in_place(std::string why) {
  reason = std::move(why);
  file = target.descriptor ? FileDescriptor(::fcntl(*target.descriptor, F_DUPFD_CLOEXEC, 0))
                           : open_file(target.path, 0);
  return file.valid() ? Status() : io_error("write", name);
}

Status OutputFile::State::replace(std::span<const std::string_view> parts) {
  MI_TRY(write_all(file, parts, name));
  if (::fsync(file.number()) != 0) return io_error("write", name);
  if (partial->rename_to(target.path)) return Status::SUCCESS;
  const int error = errno;
  if (!target.facts || !may_be_written_in_place(error)) return io_error("replace", name);
  partial.reset();
  MI_TRY(open_in_place(error_text(error)));
  return write_in_place(parts);
}

Status OutputFile::State::write_in_place(std::span<const std::string_view> parts) {
  MI_LOG_WARNING("the write to '" + name + "' is not atomic: " + reason);
  const bool regular = !target.descriptor && S_ISREG(target.facts->st_mode);
  if (regular && ::ftruncate(file.number(), 0) != 0) return io_error("write", name);
  MI_TRY(write_all(file, parts, name));
  if (regular && ::fsync(file.number()) != 0) return io_error("write", name);
  return Status::SUCCESS;
}

OutputFile::OutputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFile::~OutputFile() = default;

core::Result<std::unique_ptr<OutputFile>> OutputFile::open(const fs::path& path) {
  auto state = std::make_unique<State>();
  state->name = path.string();
  MI_ASSIGN(state->target, follow(path));
  const Target& target = state->target;
  if (std::string why = why_in_place(target); !why.empty()) {
    MI_TRY(state->open_in_place(std::move(why)));
    return std::unique_ptr<OutputFile>(new OutputFile(std::move(state)));
  }
  if (target.facts && ::faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) != 0) {
    return io_error("write", state->name);
  }
  if (const int error = state->begin_replacing(); error != 0) {
    errno = error;
    if (!target.facts || !may_be_written_in_place(error)) return io_error("create", state->name);
    MI_TRY(state->open_in_place(error_text(error)));
  }
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(state)));
}

Status OutputFile::write(std::span<const std::string_view> parts) {
  return state_->partial ? state_->replace(parts) : state_->write_in_place(parts);
}

Status write_file(const fs::path& path, std::span<const std::string_view> parts) {
  MI_ASSIGN(const std::unique_ptr<OutputFile> file, OutputFile::open(path));
  return file->write(parts);
}

}  // namespace mini_infer::importers
