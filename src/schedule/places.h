#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/graph/graph.h"
#include "schedule/schedule.h"

namespace mini_infer::schedule {

// Where a value lies in the storage that it shares with others.
struct ValuePlace {
  graph::ValueId root = graph::kNoValue;  // the value that is all of the storage
  std::int64_t offset = 0;                // bytes from its start
  std::int64_t pitch = 0;                 // elements from row to row; 0: side by side
};

// Of a value that takes its bytes from another one, which lies there.
ValuePlace place_in(const graph::Graph& graph, graph::ValueId id, const AliasChoice& alias,
                    const ValuePlace& source);

// By ValueId; no chain of choices comes back to where it began.
std::vector<ValuePlace> places(const graph::Graph& graph, const std::vector<AliasChoice>& alias);

}  // namespace mini_infer::schedule
