#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// Writes the parts end to end into a file beside `path`, then renames it to `path`: readers see the
// old file or the whole new one. ERROR_IO leaves nothing behind.
[[nodiscard]] MINI_INFER_API core::Status write_file(const std::filesystem::path& path,
                                                     std::span<const std::string_view> parts);

}  // namespace mini_infer::importers
