#include "cpu/ops/broadcast.h"

#include "ops/shapes.h"

namespace mini_infer::cpu {
namespace {

struct Axis {
  std::int64_t extent = 1;
  std::vector<std::int64_t> strides;  // one per input
};

// Whether all inputs go from one index of `outer` to the next in as many elements as they need for
// the whole of `inner`.
bool mergeable(const Axis& outer, const Axis& inner) {
  for (std::size_t input = 0; input < inner.strides.size(); ++input) {
    if (outer.strides[input] != inner.strides[input] * inner.extent) return false;
  }
  return true;
}

// The axes of the output that have more than one index, merged, innermost first.
std::vector<Axis> merged_axes(const ops::NodeView& view) {
  const core::Shape& output = view.output_shape(0);
  std::vector<std::vector<std::int64_t>> strides;
  for (int input = 0; input < view.input_count(); ++input) {
    strides.push_back(ops::broadcast_strides(view.input_shape(input), output));
  }
  std::vector<Axis> axes;
  for (int at = output.rank() - 1; at >= 0; --at) {
    if (output[at] == 1) continue;
    Axis axis{.extent = output[at], .strides = {}};
    for (const auto& of_input : strides) axis.strides.push_back(of_input[static_cast<size_t>(at)]);
    if (!axes.empty() && mergeable(axis, axes.back())) {
      axes.back().extent *= axis.extent;
    } else {
      axes.push_back(std::move(axis));
    }
  }
  return axes;
}

}  // namespace

core::Result<Broadcast> Broadcast::of(const ops::NodeView& view) {
  Broadcast plan;
  plan.operands_.resize(static_cast<std::size_t>(view.input_count()));
  if (view.output_shape(0).elements() == 0) {
    plan.rows_ = 0;
    return plan;
  }
  const std::vector<Axis> axes = merged_axes(view);
  if (axes.empty()) return plan;
  plan.outer_axes_ = axes.size() - 1;
  if (plan.outer_axes_ > kMaxAxes) {
    return view.unsupported("broadcasting over " + std::to_string(axes.size()) +
                            " axes that cannot be merged (more than " +
                            std::to_string(kMaxAxes + 1) + ")");
  }
  plan.row_length_ = axes[0].extent;
  for (std::size_t outer = 0; outer < plan.outer_axes_; ++outer) {
    plan.extents_[outer] = axes[outer + 1].extent;
    plan.rows_ *= axes[outer + 1].extent;
  }
  for (std::size_t input = 0; input < plan.operands_.size(); ++input) {
    plan.operands_[input].repeats = axes[0].strides[input] == 0;
    for (std::size_t outer = 0; outer < plan.outer_axes_; ++outer) {
      plan.operands_[input].strides[outer] = axes[outer + 1].strides[input];
    }
  }
  return plan;
}

}  // namespace mini_infer::cpu
