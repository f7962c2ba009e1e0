#include "cli/buffer_fields.h"

#include <bit>
#include <charconv>
#include <limits>

namespace mini_infer::cli {
namespace {

using core::Status;
using std::to_string;

Status wrong(const std::string& what) { return {Status::ERROR_INVALID_ARGUMENT, what}; }

// The last step that a plan can name, plus one.
constexpr std::int64_t kMostSteps = std::numeric_limits<std::int32_t>::max();

}  // namespace

std::optional<FieldName> field_name(std::string_view name) {
  if (name == "buffer" || name == "buffer_id") return FieldName{BufferField::kId};
  if (name == "begin" || name == "start") return FieldName{BufferField::kLower};
  if (name == "end") return FieldName{BufferField::kUpper, true};
  for (std::size_t i = 0; i < kBufferFields.size(); ++i) {
    if (kBufferFields[i] == name) return FieldName{static_cast<BufferField>(i)};
  }
  return std::nullopt;
}

core::Result<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    return wrong("'" + std::string(text) + "' does not fit in 64 bits");
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    return wrong("expected a whole number, found '" + std::string(text) + "'");
  }
  return value;
}

void BufferFields::set(const FieldName& name, std::int64_t value) {
  switch (name.field) {
    case BufferField::kLower:
      lower = value;
      break;
    case BufferField::kUpper:
      upper = value;
      upper_is_last = name.is_last;
      break;
    case BufferField::kSize:
      size = value;
      break;
    case BufferField::kAlignment:
      alignment = value;
      break;
    case BufferField::kOffset:
      offset = value;
      break;
    case BufferField::kId:
      break;
  }
}

core::Result<planner::Buffer> to_buffer(const BufferFields& fields) {
  if (fields.lower < 0 || fields.lower >= kMostSteps) {
    return wrong("column 'lower': expected a step from 0 to " + to_string(kMostSteps - 1) +
                 ", found " + to_string(fields.lower));
  }
  if (fields.upper_is_last && (fields.upper < fields.lower || fields.upper >= kMostSteps)) {
    return wrong("column 'end': expected the last step, from " + to_string(fields.lower) + " to " +
                 to_string(kMostSteps - 1) + ", found " + to_string(fields.upper));
  }
  const std::int64_t upper = fields.upper + (fields.upper_is_last ? 1 : 0);
  if (upper <= fields.lower || upper > kMostSteps) {
    return wrong("column 'upper': expected a step from " + to_string(fields.lower + 1) +
                 " (one past 'lower', because it is the first step at which the buffer is not "
                 "needed any more) to " +
                 to_string(kMostSteps) + ", found " + to_string(upper));
  }
  if (fields.size < 0) {
    return wrong("column 'size': expected bytes, 0 or more, found " + to_string(fields.size));
  }
  if (fields.alignment <= 0 || !std::has_single_bit(static_cast<std::uint64_t>(fields.alignment))) {
    return wrong("column 'alignment': expected a power of two, found " +
                 to_string(fields.alignment));
  }
  if (fields.offset && (*fields.offset < 0 || *fields.offset % fields.alignment != 0)) {
    return wrong("column 'offset': expected a multiple of the alignment, " +
                 to_string(fields.alignment) + ", found " + to_string(*fields.offset));
  }
  return planner::Buffer{.size = fields.size,
                         .first = static_cast<std::int32_t>(fields.lower),
                         .last = static_cast<std::int32_t>(upper - 1),
                         .alignment = fields.alignment,
                         .fixed_offset = fields.offset};
}

}  // namespace mini_infer::cli
