#include "optimizer/attention/heads_view.h"

#include <utility>

#include "optimizer/attention/strided_view.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::ValueId;

// [batch, tokens, heads * size] as [batch, heads, tokens, size].
std::optional<std::vector<StridedAxis>> split_heads(const std::vector<StridedAxis>& axes,
                                                    std::int64_t heads) {
  const auto split = regrouped({axes[2]}, {heads, extent_of(axes[2]) / heads});
  if (!split) return std::nullopt;
  return std::vector<StridedAxis>{axes[0], (*split)[0], axes[1], (*split)[1]};
}

// As [batch, heads, tokens, size].
std::optional<std::vector<StridedAxis>> four_axes(std::vector<StridedAxis> axes,
                                                  const HeadsForm& form) {
  if (axes.size() < 3 || axes.size() > 4) return std::nullopt;
  if (form.transposed) std::swap(axes[axes.size() - 2], axes[axes.size() - 1]);
  if (axes.size() == 4) return axes;
  if (form.merged_heads != 0) return split_heads(axes, form.merged_heads);
  const std::int64_t both = extent_of(axes[0]);
  if (both % form.batch != 0) return std::nullopt;
  auto split = regrouped({axes[0]}, {form.batch, both / form.batch});
  if (!split) return std::nullopt;
  split->insert(split->end(), axes.begin() + 1, axes.end());
  return split;
}

// Without the repetition of each head for the members of its group.
StridedAxis without_groups(StridedAxis heads) {
  heads = merged(heads);
  if (!heads.empty() && heads.back().step == 0) heads.pop_back();
  return heads;
}

std::optional<HeadsView> heads_in(const StridedView& view, const HeadsForm& form) {
  auto axes = four_axes(view.axes, form);
  if (!axes) return std::nullopt;
  if (form.grouped) (*axes)[1] = without_groups((*axes)[1]);
  const auto batch = single((*axes)[0]);
  const auto heads = single((*axes)[1]);
  const auto tokens = single((*axes)[2]);
  const auto size = single((*axes)[3]);
  if (!batch || !heads || !tokens || !size) return std::nullopt;
  if (size->extent != 1 && size->step != 1) return std::nullopt;
  return HeadsView{.root = view.root,
                   .heads = {.batch = batch->extent,
                             .heads = heads->extent,
                             .tokens = tokens->extent,
                             .size = size->extent,
                             .first = view.offset,
                             .batch_step = batch->step,
                             .head_step = heads->step,
                             .token_step = tokens->step},
                   .scale = view.scale};
}

// How many rows of the root the stride goes over, a whole number of its indices in each.
std::int64_t rows_spanned(const Graph& graph, ValueId root, const Stride& stride) {
  const core::Shape& shape = *graph.value(root).shape;
  const std::int64_t row = shape[shape.rank() - 1];
  const std::int64_t all = stride.extent * stride.step;
  return stride.step > 0 && row % stride.step == 0 && all % row == 0 ? all / row : 1;
}

std::int64_t elements_of(const Graph& graph, ValueId value) {
  return graph.value(value).shape->elements();
}

}  // namespace

std::optional<HeadsView> find_heads(const Graph& graph, ValueId value, const HeadsForm& form) {
  const auto steps = view_steps(graph, value, form.scaled);
  for (std::size_t count = steps.size() + 1; count-- > 0;) {
    const auto view = view_through(graph, value, steps, count);
    if (!view) continue;
    auto heads = heads_in(*view, form);
    if (!heads) continue;
    if (form.whole && heads->heads.shape().elements() != elements_of(graph, view->root)) continue;
    if (count > 0) heads->reader = steps[count - 1].node;
    return heads;
  }
  return std::nullopt;
}

std::int64_t apparent_batch(const Graph& graph, ValueId value) {
  const auto steps = view_steps(graph, value, true);
  for (std::size_t count = steps.size(); count > 0; --count) {
    const auto view = view_through(graph, value, steps, count);
    if (!view) continue;
    const StridedAxis axis = merged(view->axes[0]);
    if (axis.empty()) return 1;
    return axis.size() > 1 ? axis[0].extent : rows_spanned(graph, view->root, axis[0]);
  }
  return 1;
}

}  // namespace mini_infer::optimizer
