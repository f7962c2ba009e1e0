#include "cli/shapes.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "cli/text.h"
#include "core/try.h"

namespace mini_infer::cli {
namespace {

using core::Status;

std::optional<core::Shape> parse_extents(std::string_view text) {
  if (text == "scalar") return core::Shape{};
  std::vector<std::int64_t> extents;
  for (const std::string& word : split(text, 'x')) {
    std::int64_t extent = 0;
    const char* end = word.data() + word.size();
    const auto [stopped, error] = std::from_chars(word.data(), end, extent);
    if (error != std::errc() || stopped != end || extent < 0) return std::nullopt;
    extents.push_back(extent);
  }
  if (extents.empty()) return std::nullopt;
  return core::Shape(std::move(extents));
}

Status add_shape(std::map<std::string, core::Shape>& shapes, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const bool named = colon != std::string::npos && colon > 0;
  const auto shape = named ? parse_extents(std::string_view(text).substr(colon + 1)) : std::nullopt;
  if (!shape) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "--shapes: expected NAME:1x3x224x224 or NAME:scalar, found '" + text + "'"};
  }
  const std::string name = text.substr(0, colon);
  if (!shapes.emplace(name, *shape).second) {
    return {Status::ERROR_INVALID_ARGUMENT, "--shapes: '" + name + "' is given twice"};
  }
  return Status::SUCCESS;
}

}  // namespace

core::Result<std::map<std::string, core::Shape>> parse_shapes(
    const std::vector<std::string>& texts) {
  std::map<std::string, core::Shape> shapes;
  for (const std::string& text : texts) {
    for (const std::string& part : split(text, ',')) MI_TRY(add_shape(shapes, part));
  }
  return shapes;
}

}  // namespace mini_infer::cli
