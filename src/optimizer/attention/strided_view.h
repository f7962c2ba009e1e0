#pragma once

#include <optional>
#include <vector>

#include "mini_infer/graph/graph.h"

// Values as windows into other values: what Reshape, Transpose, Split, Slice, Gather of one index,
// Expand and Tile of unit axes only re-view, without a copy.
namespace mini_infer::optimizer {

// `extent` indices, `step` elements of the root apart; a step of 0 repeats.
struct Stride {
  std::int64_t extent = 1;
  std::int64_t step = 0;

  friend bool operator==(const Stride&, const Stride&) = default;
};

// One axis: its index is written in digits, one per stride, outermost first. No stride has extent
// 1; an axis of extent 1 has none.
using StridedAxis = std::vector<Stride>;

struct StridedView {
  graph::ValueId root = graph::kNoValue;
  std::int64_t offset = 0;
  std::vector<StridedAxis> axes;
  float scale = 1;  // the elements are this many times the root's
};

// A node through which a value is seen in another.
struct ViewStep {
  graph::NodeId node = graph::kNoNode;
  graph::ValueId from = graph::kNoValue;
};

// The steps from `value` towards its origin, nearest first; with products by a constant scalar when
// `scaled`.
std::vector<ViewStep> view_steps(const graph::Graph& graph, graph::ValueId value, bool scaled);

// `value` as a view of what its first `count` steps lead to; nullopt when strides cannot say it.
std::optional<StridedView> view_through(const graph::Graph& graph, graph::ValueId value,
                                        const std::vector<ViewStep>& steps, std::size_t count);

std::int64_t extent_of(const StridedAxis& axis);
// The axis with as few strides as possible.
StridedAxis merged(const StridedAxis& axis);
// The axis as one stride, if it can be.
std::optional<Stride> single(const StridedAxis& axis);
// The same elements in the same order under another shape.
std::optional<std::vector<StridedAxis>> regrouped(const std::vector<StridedAxis>& axes,
                                                  const std::vector<std::int64_t>& shape);

}  // namespace mini_infer::optimizer
