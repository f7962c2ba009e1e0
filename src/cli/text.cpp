#include "cli/text.h"

namespace mini_infer::cli {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
    if (text.empty()) parts.emplace_back();
  }
  return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string extents_text(const graph::Value& value) {
  if (value.shape) return value.shape->to_string();
  if (!value.declared) return "[of unknown rank]";
  std::vector<std::string> extents;
  for (const graph::Dim& dim : *value.declared) {
    const std::string unknown = dim.symbol.empty() ? "?" : dim.symbol;
    extents.push_back(dim.extent >= 0 ? std::to_string(dim.extent) : unknown);
  }
  return "[" + join(extents, ",") + "]";
}

std::string type_text(const graph::Value& value) {
  return core::type_name(value.type) + extents_text(value);
}

std::string domain_text(std::string_view domain) {
  return domain.empty() ? "ai.onnx" : std::string(domain);
}

}  // namespace mini_infer::cli
