#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mini_infer/core/status.h"
#include "mini_infer/planner/problem.h"

namespace mini_infer::cli {

// The columns of a row, and the keys of an object.
enum class BufferField { kId, kLower, kUpper, kSize, kAlignment, kOffset };
inline constexpr std::array<std::string_view, 6> kBufferFields = {"id",   "lower",     "upper",
                                                                  "size", "alignment", "offset"};

inline std::string_view name_of(BufferField field) {
  return kBufferFields[static_cast<std::size_t>(field)];
}

// A column or key, as a file spells it.
struct FieldName {
  BufferField field;
  bool is_last = false;  // minimalloc's 'end': the last step, where 'upper' is one past it
};

// Of minimalloc's names too: buffer, buffer_id, begin, start, end. nullopt: none of them.
std::optional<FieldName> field_name(std::string_view name);

// A whole decimal number. ERROR_INVALID_ARGUMENT says what was found.
core::Result<std::int64_t> whole_number(std::string_view text);

// The values of one row; lower and upper are steps, half-open.
struct BufferFields {
  std::int64_t lower = 0;
  std::int64_t upper = 0;
  std::int64_t size = 0;
  std::int64_t alignment = 1;
  std::optional<std::int64_t> offset = std::nullopt;
  bool upper_is_last = false;  // the file said 'end'

  void set(const FieldName& name, std::int64_t value);
};

// ERROR_INVALID_ARGUMENT names the column that is wrong.
core::Result<planner::Buffer> to_buffer(const BufferFields& fields);

}  // namespace mini_infer::cli
