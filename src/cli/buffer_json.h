#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/buffer_file.h"

namespace mini_infer::cli {

// buffer_file.h's JSON.
[[nodiscard]] core::Status parse_json(std::string_view text, BufferFile& file);

std::string to_json(const BufferFile& file, const std::vector<std::int64_t>& offsets);

}  // namespace mini_infer::cli
