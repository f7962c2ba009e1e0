#include "optimizer/attention/output_view.h"

#include "optimizer/attention/strided_view.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::NodeId;
using graph::ValueId;
using ops::Heads;

// `strides` reads a dense tensor in another order; what the step of `from` becomes in that order.
std::optional<std::int64_t> moved_step(const StridedAxis& strides, Stride from) {
  if (from.extent == 1) return 0;
  std::int64_t step = 1;
  for (auto stride = strides.rbegin(); stride != strides.rend(); ++stride) {
    const std::int64_t ratio = from.step / stride->step;
    const bool holds = from.step % stride->step == 0 && stride->extent % (ratio * from.extent) == 0;
    if (holds) return step * ratio;
    step *= stride->extent;
  }
  return std::nullopt;
}

// Where in `value` the dense heads come to lie.
std::optional<Heads> moved_heads(const graph::Graph& graph, const Heads& heads, ValueId value,
                                 const std::vector<ViewStep>& steps) {
  const auto view = view_through(graph, value, steps, steps.size());
  if (!view) return std::nullopt;
  StridedAxis strides;
  for (const StridedAxis& axis : view->axes) {
    strides.insert(strides.end(), axis.begin(), axis.end());
  }
  return reordered(heads, strides);
}

}  // namespace

std::optional<Heads> reordered(Heads heads, const StridedAxis& strides) {
  const auto batch = moved_step(strides, {heads.batch, heads.batch_step});
  const auto head = moved_step(strides, {heads.heads, heads.head_step});
  const auto token = moved_step(strides, {heads.tokens, heads.token_step});
  const auto element = moved_step(strides, {heads.size, 1});
  if (!batch || !head || !token || !element || (heads.size != 1 && *element != 1)) {
    return std::nullopt;
  }
  heads.batch_step = *batch;
  heads.head_step = *head;
  heads.token_step = *token;
  return heads;
}

HeadsView follow_output(const Rewriter& rewriter, ValueId value, const Heads& heads) {
  HeadsView output{.root = value, .heads = heads};
  std::vector<ViewStep> steps;
  for (NodeId id = rewriter.only_reader(value); id != kNoNode; id = rewriter.only_reader(value)) {
    if (!is_view(rewriter.graph(), id) && !rewriter.node(id).is("Transpose")) break;
    if (rewriter.node(id).inputs[0] != value) break;  // the value is its shape
    steps.insert(steps.begin(), {id, value});
    value = rewriter.node(id).outputs[0];
    const auto moved = moved_heads(rewriter.graph(), heads, value, steps);
    if (moved) output = {.root = value, .heads = *moved};
  }
  return output;
}

}  // namespace mini_infer::optimizer
