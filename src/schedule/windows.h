#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/graph/graph.h"
#include "schedule/schedule.h"

namespace mini_infer::schedule {

// More rows apart of one value are not left so: a judge may have to look at each.
inline constexpr std::int64_t kMostRowsApart = std::int64_t{1} << 20;

// Nodes, in order, that could do without copies: Slice, Split and Concat, as the options allow.
std::vector<graph::NodeId> window_nodes(const graph::Graph& graph,
                                        const std::vector<graph::NodeId>& order,
                                        const ScheduleOptions& options);

// The choices, with every window of these nodes that all who read and write the tensors can live
// with: offsets and rows on 16 bytes, rows apart only where OpDef::pitched allows. Inputs and
// outputs of the graph are never inside another value; earlier nodes choose first.
std::vector<AliasChoice> with_windows(const graph::Graph& graph,
                                      const std::vector<graph::NodeId>& nodes,
                                      std::vector<AliasChoice> choices,
                                      const ScheduleOptions& options);

}  // namespace mini_infer::schedule
