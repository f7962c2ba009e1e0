#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/planner/problem.h"

namespace mini_infer::cli {

// A planner's problem in a file, and what is needed to speak of it and to write its answer.
struct BufferFile {
  std::string path;
  bool json = false;
  planner::Problem problem;
  std::vector<std::string> ids;   // by buffer, each once
  std::vector<std::size_t> rows;  // by buffer: its line, or from 1 its place in the JSON array

  // "problem.csv:7" or "problem.json: buffer 7".
  std::string where(std::size_t buffer) const;
};

// CSV: a header that names the columns, in any order: id, lower, upper, size, and, if wanted,
// alignment and offset (where it lies already; empty: anywhere). A buffer is live at the steps from
// lower to upper - 1. minimalloc's other names do as well: buffer, buffer_id; begin, start; and
// end, which is the last step itself. JSON (a path that ends in .json): {"buffers": [...]}, objects
// with keys of the same names. ERROR_IO for a file that cannot be read; ERROR_INVALID_ARGUMENT
// names the file, the line and the column, what was expected and what was found.
[[nodiscard]] core::Result<BufferFile> read_buffers(const std::string& path);

// The same rows with an offset each, in the same form.
std::string to_text(const BufferFile& file, const std::vector<std::int64_t>& offsets);

}  // namespace mini_infer::cli
