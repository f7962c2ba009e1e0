#include "cli/text.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

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

namespace {

char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

// Letters to insert, to remove or to change, as Levenshtein counts them.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (lower(from[i]) == lower(to[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words) {
  std::optional<std::string> best;
  std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& known : words) {
    const std::size_t letters = distance(word, known);
    if (letters >= fewest) continue;
    fewest = letters;
    best = known;
  }
  return best;
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
