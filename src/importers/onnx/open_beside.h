#pragma once

#include <filesystem>
#include <string_view>

#include "importers/mapped_file.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// Opens the file that the model in the file `model` calls `location`, for reading. `location` is a
// path relative to the model's folder. Links are followed, and where they end decides: beneath the
// model's folder, or beneath the folder of the file that `model` itself is a link to (a cache that
// keeps files by their hash, say). How many hard links a file has does not matter.
//
// ERROR_INVALID_MODEL: the text is empty, absolute, holds ".." or a NUL. ERROR_IO: the file cannot
// be opened, is no regular file, or lies elsewhere; the message says where.
[[nodiscard]] core::Result<FileDescriptor> open_beside(const std::filesystem::path& model,
                                                       std::string_view location);

}  // namespace mini_infer::importers
