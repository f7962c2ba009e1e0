#include "schedule/places.h"

#include "ops/alias.h"
#include "ops/shapes.h"

namespace mini_infer::schedule {

using graph::Graph;
using graph::kNoValue;
using graph::ValueId;

ValuePlace place_in(const Graph& graph, ValueId id, const AliasChoice& alias,
                    const ValuePlace& source) {
  if (!alias.is_window()) return source;
  const core::Shape& outer = *graph.value(alias.source).shape;
  const core::Shape& inner = *graph.value(id).shape;
  const std::int64_t element =
      static_cast<std::int64_t>(ops::bytes_of(graph.value(id))) / inner.elements();
  const std::int64_t pitch = source.pitch == 0 ? ops::last_extent(outer) : source.pitch;
  const bool apart = inner.elements() > ops::last_extent(inner) && pitch != ops::last_extent(inner);
  return {.root = source.root,
          .offset = source.offset + (alias.row * pitch + alias.column) * element,
          .pitch = apart ? pitch : 0};
}

std::vector<ValuePlace> places(const Graph& graph, const std::vector<AliasChoice>& alias) {
  std::vector<ValuePlace> found(alias.size());
  std::vector<ValueId> chain;
  for (ValueId start = 0; start < static_cast<ValueId>(alias.size()); ++start) {
    ValueId id = start;
    for (; found[id].root == kNoValue && alias[id].kind != ops::AliasKind::kNone;
         id = alias[id].source) {
      chain.push_back(id);
    }
    if (found[id].root == kNoValue) found[id].root = id;
    for (; !chain.empty(); chain.pop_back()) {
      const ValueId next = chain.back();
      found[next] = place_in(graph, next, alias[next], found[alias[next].source]);
    }
  }
  return found;
}

}  // namespace mini_infer::schedule
