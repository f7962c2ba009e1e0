#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"

// The one way in which files are written.
//
//   MI_ASSIGN(const auto file, OutputFile::open("plan.json"));  // fails before long work is done
//   ...
//   MI_TRY(file->write({{text, "\n"}}));
//
// A regular file with one link, and a file that is not there yet, is written beside its place and
// then renamed: readers see the old file or the whole new one. Links are followed, and mode, owner
// and group of the old file stay. Where the system does not allow that (a folder that cannot be
// written, a file that is a mount), where a file has several links, and for what is no regular file
// (a device, a pipe, /dev/stdout), the bytes go to the file itself, and a warning in the log says
// so.
namespace mini_infer::importers {

class MINI_INFER_API OutputFile {
 public:
  // Finds out whether `path` can be written, and how. The old content stays until write(). Waits
  // for the reader of a named pipe. ERROR_IO names the path and the reason.
  [[nodiscard]] static core::Result<std::unique_ptr<OutputFile>> open(
      const std::filesystem::path& path);

  // Removes what was begun, unless write() has succeeded.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // The parts end to end become the content. To be called once. ERROR_IO leaves a replaced file as
  // it was; a file that is written in place may then hold the beginning only.
  [[nodiscard]] core::Status write(std::span<const std::string_view> parts);

 private:
  struct State;
  explicit OutputFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// open() and write() in one.
[[nodiscard]] MINI_INFER_API core::Status write_file(const std::filesystem::path& path,
                                                     std::span<const std::string_view> parts);

// For the signal handler of a program that is about to end: removes what this process has begun to
// write beside its place, and allocates and locks nothing. To be called in the thread that writes
// files.
MINI_INFER_API void remove_partial_files();

}  // namespace mini_infer::importers
