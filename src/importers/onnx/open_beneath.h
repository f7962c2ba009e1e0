#pragma once

#include <filesystem>
#include <string_view>

#include "importers/mapped_file.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// Opens the file that a model calls `location`, a relative path beneath `folder`, for reading.
// What the text itself may not say is ERROR_INVALID_MODEL: an absolute path, "..", a NUL. What is
// found there may not lead elsewhere, ERROR_IO: a symbolic link at any step, a hard link, anything
// but a regular file.
core::Result<FileDescriptor> open_beneath(const std::filesystem::path& folder,
                                          std::string_view location);

}  // namespace mini_infer::importers
