#include "ops/broadcast.h"

#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

// Whether all inputs go from one index of `outer` to the next in as many elements as they need for
// the whole of `inner`.
bool mergeable(const BroadcastAxis& outer, const BroadcastAxis& inner) {
  for (std::size_t input = 0; input < inner.strides.size(); ++input) {
    if (outer.strides[input] != inner.strides[input] * inner.extent) return false;
  }
  return true;
}

}  // namespace

std::vector<BroadcastAxis> broadcast_axes(const NodeView& view) {
  const core::Shape& output = view.output_shape(0);
  std::vector<std::vector<std::int64_t>> strides;
  for (int input = 0; input < view.input_count(); ++input) {
    strides.push_back(broadcast_strides(view.input_shape(input), output));
  }
  std::vector<BroadcastAxis> axes;
  for (int at = output.rank() - 1; at >= 0; --at) {
    if (output[at] == 1) continue;
    BroadcastAxis axis{.extent = output[at], .strides = {}};
    for (const auto& of_input : strides) axis.strides.push_back(of_input[static_cast<size_t>(at)]);
    if (!axes.empty() && mergeable(axis, axes.back())) {
      axes.back().extent *= axis.extent;
    } else {
      axes.push_back(std::move(axis));
    }
  }
  return axes;
}

}  // namespace mini_infer::ops
