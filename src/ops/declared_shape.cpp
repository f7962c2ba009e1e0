#include "ops/declared_shape.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "graph/dim_text.h"
#include "mini_infer/core/log.h"

namespace mini_infer::ops {
namespace {

// Extents of symbols, where they are known.
using Symbols = std::map<std::string, std::int64_t, std::less<>>;

Symbols bound_symbols(const graph::Graph& graph) {
  Symbols symbols;
  for (const graph::ValueId id : graph.inputs) {
    const graph::Value& input = graph.value(id);
    if (!input.declared) continue;
    for (const graph::Dim& dim : *input.declared) {
      if (!dim.symbol.empty() && dim.extent >= 0) symbols.emplace(dim.symbol, dim.extent);
    }
  }
  return symbols;
}

// Whether the statement holds. A symbol that no input has binds to the first extent it is met with.
bool agrees(const std::vector<graph::Dim>& stated, const core::Shape& found, Symbols& symbols) {
  if (static_cast<int>(stated.size()) != found.rank()) return false;
  for (int axis = 0; axis < found.rank(); ++axis) {
    const graph::Dim& dim = stated[static_cast<std::size_t>(axis)];
    std::int64_t expected = dim.extent;
    if (expected < 0 && !dim.symbol.empty()) {
      expected = symbols.emplace(dim.symbol, found[axis]).first->second;
    }
    if (expected >= 0 && expected != found[axis]) return false;
  }
  return true;
}

std::string with_extents(const std::vector<graph::Dim>& stated, const Symbols& symbols) {
  std::string text = graph::dim_text(stated);
  std::set<std::string_view> told;
  for (const graph::Dim& dim : stated) {
    const auto bound = symbols.find(dim.symbol);
    if (dim.extent >= 0 || bound == symbols.end() || !told.insert(dim.symbol).second) continue;
    text += ", " + dim.symbol + " = " + std::to_string(bound->second);
  }
  return text;
}

}  // namespace

void drop_wrong_annotations(graph::Graph& graph) {
  Symbols symbols = bound_symbols(graph);
  for (const graph::ValueId id : graph.outputs) {
    graph::Value& output = graph.value(id);
    if (!output.declared || !output.shape) continue;
    if (agrees(*output.declared, *output.shape, symbols)) continue;
    MI_LOG_WARNING("output '" + output.name + "': the model states the shape " +
                   with_extents(*output.declared, symbols) + ", and inference finds " +
                   output.shape->to_string() + ", which is used");
    output.declared.reset();
  }
}

}  // namespace mini_infer::ops
