#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/buffer_file.h"

namespace mini_infer::cli {

// buffer_file.h's CSV. Accepts a byte order mark, CRLF, spaces around fields and empty lines.
[[nodiscard]] core::Status parse_csv(std::string_view text, BufferFile& file);

std::string to_csv(const BufferFile& file, const std::vector<std::int64_t>& offsets);

}  // namespace mini_infer::cli
