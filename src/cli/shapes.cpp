#include "cli/shapes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "cli/text.h"
#include "core/try.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using graph::Dim;
using graph::Graph;
using graph::Value;

constexpr const char* kForms = "NAME:1x3x224x224, NAME:1,3,224,224, NAME:scalar or SYMBOL=8";

std::optional<std::int64_t> parse_extent(std::string_view text) {
  std::int64_t extent = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, extent);
  if (error != std::errc() || stopped != end || extent < 0) return std::nullopt;
  return extent;
}

std::optional<std::vector<std::int64_t>> parse_extents(std::string_view text) {
  if (text == "scalar") return std::vector<std::int64_t>();
  std::vector<std::int64_t> extents;
  for (const std::string& word : split(text, 'x')) {
    const auto extent = parse_extent(word);
    if (!extent) return std::nullopt;
    extents.push_back(*extent);
  }
  if (extents.empty()) return std::nullopt;
  return extents;
}

// The name with which the text begins, followed by `mark`: the longest known one, else all up to
// the last mark before the next comma.
std::optional<std::string> leading_name(std::string_view text, char mark,
                                        const std::vector<std::string>& known) {
  std::optional<std::string> longest;
  for (const std::string& name : known) {
    const bool here =
        text.starts_with(name) && text.size() > name.size() && text[name.size()] == mark;
    if (here && (!longest || name.size() > longest->size())) longest = name;
  }
  if (longest) return longest;
  const std::size_t end = text.substr(0, text.find(',')).rfind(mark);
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  return std::string(text.substr(0, end));
}

class ShapeParser {
 public:
  ShapeParser(const ShapeNames& names, ShapeArguments& all) : names_(names), all_(all) {}

  Status parse(std::string_view text) {
    rest_ = text;
    if (rest_.empty()) return wrong(rest_);
    while (!done_) MI_TRY(parse_part());
    return Status::SUCCESS;
  }

 private:
  static Status wrong(std::string_view found) {
    return {Status::ERROR_INVALID_ARGUMENT,
            std::string("--shapes: expected ") + kForms + ", found '" + std::string(found) + "'"};
  }

  bool begins_with_input() const {
    return std::any_of(names_.inputs.begin(), names_.inputs.end(),
                       [&](const std::string& name) { return rest_.starts_with(name + ":"); });
  }

  Status parse_part() {
    const auto symbol = leading_name(rest_, '=', names_.symbols);
    if (symbol && !begins_with_input()) return parse_symbol(*symbol);
    const std::string_view part = rest_;
    std::string name;
    if (const auto named = leading_name(rest_, ':', names_.inputs)) {
      name = *named;
      rest_.remove_prefix(name.size() + 1);
    } else if (names_.inputs.size() == 1) {
      name = names_.inputs.front();
    } else {
      return wrong(part);
    }
    auto extents = parse_extents(take_word());
    if (!extents) return wrong(part);
    while (!done_ && parse_extent(next_word())) extents->push_back(*parse_extent(take_word()));
    if (all_.shapes.emplace(name, core::Shape(std::move(*extents))).second) return Status::SUCCESS;
    return given_twice(name);
  }

  Status parse_symbol(const std::string& symbol) {
    const std::string_view part = rest_;
    rest_.remove_prefix(symbol.size() + 1);
    const auto extent = parse_extent(take_word());
    if (!extent) return wrong(part);
    return all_.symbols.emplace(symbol, *extent).second ? Status() : given_twice(symbol);
  }

  static Status given_twice(const std::string& name) {
    return {Status::ERROR_INVALID_ARGUMENT, "--shapes: '" + name + "' is given twice"};
  }

  std::string_view next_word() const { return rest_.substr(0, rest_.find(',')); }
  std::string_view take_word() {
    const std::string_view word = next_word();
    done_ = word.size() == rest_.size();
    rest_.remove_prefix(done_ ? word.size() : word.size() + 1);
    return word;
  }

  const ShapeNames& names_;
  ShapeArguments& all_;
  std::string_view rest_;
  bool done_ = false;
};

// Binds inputs all of whose extents are known by now.
Status bind_complete(Graph& graph) {
  for (const graph::ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    if (value.shape || !value.declared) continue;
    std::vector<std::int64_t> extents;
    for (const Dim& dim : *value.declared) extents.push_back(dim.extent);
    const bool known = std::all_of(extents.begin(), extents.end(),
                                   [](std::int64_t extent) { return extent >= 0; });
    if (known) {
      MI_TRY(graph::bind_input_shape(graph, std::string(value.name), core::Shape(extents)));
    }
  }
  return Status::SUCCESS;
}

// Returns whether some input has the symbol.
bool set_symbol(Graph& graph, const std::string& symbol, std::int64_t extent) {
  bool found = false;
  for (const graph::ValueId id : graph.inputs) {
    Value& value = graph.value(id);
    if (!value.declared) continue;
    for (Dim& dim : *value.declared) {
      if (dim.symbol != symbol) continue;
      found = true;
      if (dim.extent < 0) dim.extent = extent;
    }
  }
  return found;
}

}  // namespace

ShapeNames shape_names(const Graph& graph) {
  ShapeNames names;
  std::set<std::string> symbols;
  for (const graph::ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    names.inputs.push_back(value.name);
    if (!value.declared) continue;
    for (const Dim& dim : *value.declared) {
      if (!dim.symbol.empty()) symbols.insert(dim.symbol);
    }
  }
  names.symbols.assign(symbols.begin(), symbols.end());
  return names;
}

core::Result<ShapeArguments> parse_shapes(const std::vector<std::string>& texts,
                                          const ShapeNames& names) {
  ShapeArguments all;
  for (const std::string& text : texts) MI_TRY(ShapeParser(names, all).parse(text));
  return all;
}

Status bind_symbols(Graph& graph, const std::map<std::string, std::int64_t>& symbols) {
  for (const auto& [symbol, extent] : symbols) {
    if (set_symbol(graph, symbol, extent)) continue;
    const std::vector<std::string> known = shape_names(graph).symbols;
    return {Status::ERROR_INVALID_ARGUMENT,
            "--shapes: no input has a symbol '" + symbol + "'" +
                (known.empty() ? "" : "; there are " + join(known, ", "))};
  }
  return bind_complete(graph);
}

core::Result<std::vector<std::string>> take_leading_as_one(Graph& graph) {
  std::vector<std::string> notes;
  for (const graph::ValueId id : graph.inputs) {
    Value& value = graph.value(id);
    if (value.shape || !value.declared || value.declared->empty()) continue;
    Dim& leading = value.declared->front();
    if (leading.extent >= 0) continue;
    const std::string before = "input '" + value.name + "' " + type_text(value) + ": ";
    if (leading.symbol.empty()) {
      leading.extent = 1;
      notes.push_back(before + "its first extent is taken as 1 (--shapes can say otherwise)");
    } else {
      const std::string symbol = leading.symbol;
      set_symbol(graph, symbol, 1);
      notes.push_back(before + symbol + " is taken as 1 (--shapes=" + symbol + "=8 would take 8)");
    }
  }
  MI_TRY(bind_complete(graph));
  return notes;
}

}  // namespace mini_infer::cli
