#include "cpu/ops/broadcast.h"

#include "ops/broadcast.h"

namespace mini_infer::cpu {
core::Result<Broadcast> Broadcast::of(const ops::NodeView& view) {
  Broadcast plan;
  plan.operands_.resize(static_cast<std::size_t>(view.input_count()));
  if (view.output_shape(0).elements() == 0) {
    plan.rows_ = 0;
    return plan;
  }
  const std::vector<ops::BroadcastAxis> axes = ops::broadcast_axes(view);
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

Broadcast::Index Broadcast::index_of_row(std::int64_t row) const {
  Index index{};
  for (std::size_t axis = 0; axis < outer_axes_; ++axis) {
    index[axis] = row % extents_[axis];
    row /= extents_[axis];
  }
  return index;
}

Broadcast::Block Broadcast::part_of_row(std::int64_t part) const {
  const std::int64_t parts = pieces_of(row_length_, kPieceElements);
  const std::int64_t row = part / parts;
  const std::int64_t from = part % parts * kPieceElements;
  return {.index = index_of_row(row),
          .from = from,
          .rows = 1,
          .length = std::min(kPieceElements, row_length_ - from),
          .at = row * row_length_ + from};
}

Broadcast::Block Broadcast::block_at(std::int64_t first, std::int64_t last) const {
  const Index index = index_of_row(first);
  const std::int64_t along = outer_axes_ == 0 ? 1 : extents_[0] - index[0];
  return {.index = index,
          .from = 0,
          .rows = std::min(along, last - first),
          .length = row_length_,
          .at = first * row_length_};
}

}  // namespace mini_infer::cpu
