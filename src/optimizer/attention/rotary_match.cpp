#include "optimizer/attention/rotary_match.h"

#include <algorithm>
#include <array>

#include "ops/shapes.h"
#include "optimizer/attention/strided_view.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::last_extent;

// Of a vector's elements: every `step`-th from `first` on.
struct Elements {
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};

bool joins_last_axis(const Rewriter& rewriter, const Node& concat) {
  const int rank = rewriter.value(concat.outputs[0]).shape->rank();
  const std::int64_t axis = concat.get_int("axis", 0);
  return concat.is("Concat") && concat.inputs.size() == 2 && (axis == -1 || axis == rank - 1);
}

// Whether the view has these elements of each vector of a dense [.., size], in an axis of their own
// or followed by one of extent 1.
bool is_window(const StridedView& view, const Shape& shape, const Elements& elements) {
  const std::vector<std::int64_t> steps = ops::strides_of(shape);
  if (view.offset != elements.first || view.axes.size() < steps.size()) return false;
  for (std::size_t axis = 0; axis < steps.size(); ++axis) {
    const bool is_last = axis + 1 == steps.size();
    const std::int64_t extent = is_last ? elements.count : shape[static_cast<int>(axis)];
    const std::int64_t step = is_last ? elements.step : steps[axis];
    const auto stride = single(view.axes[axis]);
    if (!stride || stride->extent != extent || (extent > 1 && stride->step != step)) return false;
  }
  return std::all_of(view.axes.begin() + static_cast<std::ptrdiff_t>(steps.size()), view.axes.end(),
                     [](const StridedAxis& axis) { return axis.empty(); });
}

// Whether `value` is these elements of the vectors of `x`.
bool holds(const Rewriter& rewriter, ValueId value, ValueId x, const Elements& elements) {
  const auto steps = view_steps(rewriter.graph(), value, false);
  for (std::size_t count = 1; count <= steps.size(); ++count) {
    if (steps[count - 1].from != x) continue;
    const auto view = view_through(rewriter.graph(), value, steps, count);
    return view && is_window(*view, *rewriter.value(x).shape, elements);
  }
  return false;
}

// What `value` is the negative of, through Unsqueezes after it; else kNoValue.
ValueId negated(const Rewriter& rewriter, ValueId value) {
  for (NodeId id = rewriter.value(value).producer; id != kNoNode;
       id = rewriter.value(value).producer) {
    if (rewriter.node(id).is("Neg")) return rewriter.node(id).inputs[0];
    if (!rewriter.node(id).is("Unsqueeze") && !rewriter.node(id).is("Reshape")) break;
    value = rewriter.node(id).inputs[0];
  }
  return kNoValue;
}

// Whether `turned` is the Concat of -imaginary and real of `x`; interleaved when it joins them
// element by element, as [.., pairs, 2].
bool turns(const Rewriter& rewriter, NodeId concat, ValueId x, bool interleaved) {
  const Node& node = rewriter.node(concat);
  if (!joins_last_axis(rewriter, node)) return false;
  const std::int64_t pairs = last_extent(*rewriter.value(x).shape) / 2;
  const Elements real{0, interleaved ? 2 : 1, pairs};
  const Elements imaginary{interleaved ? 1 : pairs, interleaved ? 2 : 1, pairs};
  const std::int64_t joined = interleaved ? 2 : 2 * pairs;
  const ValueId negative = negated(rewriter, node.inputs[0]);
  return negative != kNoValue && last_extent(rewriter.output_shape(concat)) == joined &&
         holds(rewriter, negative, x, imaginary) && holds(rewriter, node.inputs[1], x, real);
}

// Fills in x, when one factor is turned(x).
bool match_turned(const Rewriter& rewriter, ValueId turned, ValueId x, RotaryMatch& match) {
  NodeId id = rewriter.value(turned).producer;
  if (id == kNoNode || rewriter.value(turned).shape != rewriter.value(x).shape) return false;
  match.interleaved = rewriter.node(id).is("Reshape");
  if (match.interleaved) id = rewriter.value(rewriter.node(id).inputs[0]).producer;
  const std::int64_t size = last_extent(*rewriter.value(x).shape);
  if (id == kNoNode || size % 2 != 0 || !turns(rewriter, id, x, match.interleaved)) return false;
  match.x = x;
  match.rotated = size;
  return true;
}

// The factors of the product that only `reader` reads; none when it is no such.
std::optional<std::array<ValueId, 2>> factors(const Rewriter& rewriter, ValueId product,
                                              NodeId reader) {
  const NodeId id = rewriter.value(product).producer;
  if (id == kNoNode || !rewriter.node(id).is("Mul")) return std::nullopt;
  if (rewriter.only_reader(product) != reader) return std::nullopt;
  return std::array{rewriter.node(id).inputs[0], rewriter.node(id).inputs[1]};
}

bool match_products(const Rewriter& rewriter, ValueId straight, ValueId turned,
                    RotaryMatch& match) {
  const auto direct = factors(rewriter, straight, match.last);
  const auto crossed = factors(rewriter, turned, match.last);
  if (!direct || !crossed) return false;
  for (const std::size_t x : {0, 1}) {
    for (const std::size_t y : {0, 1}) {
      if (!match_turned(rewriter, (*crossed)[y], (*direct)[x], match)) continue;
      match.cosines = (*direct)[1 - x];
      match.sines = (*crossed)[1 - y];
      return true;
    }
  }
  return false;
}

// Where the vectors of x are the first elements of longer ones, whose rest a Concat gives back.
void take_rest(const Rewriter& rewriter, RotaryMatch& match) {
  const auto steps = view_steps(rewriter.graph(), match.x, false);
  const ValueId rotated = rewriter.node(match.last).outputs[0];
  const NodeId concat = rewriter.only_reader(rotated);
  if (steps.empty() || concat == kNoNode) return;
  const ValueId whole = steps[0].from;
  const Shape& shape = *rewriter.value(whole).shape;
  const Node& node = rewriter.node(concat);
  if (!joins_last_axis(rewriter, node) || node.inputs[0] != rotated) return;
  if (rewriter.output_shape(concat) != shape) return;
  const std::int64_t rest = last_extent(shape) - match.rotated;
  if (!holds(rewriter, match.x, whole, {0, 1, match.rotated})) return;
  if (!holds(rewriter, node.inputs[1], whole, {match.rotated, 1, rest})) return;
  match.x = whole;
  match.last = concat;
}

}  // namespace

std::optional<RotaryMatch> match_rotary(const Rewriter& rewriter, NodeId last) {
  const Node& node = rewriter.node(last);
  if (!node.is("Add") || rewriter.value(node.outputs[0]).type != core::DataType::kFloat32) {
    return std::nullopt;
  }
  RotaryMatch match;
  match.last = last;
  if (!match_products(rewriter, node.inputs[0], node.inputs[1], match) &&
      !match_products(rewriter, node.inputs[1], node.inputs[0], match)) {
    return std::nullopt;
  }
  if (rewriter.value(match.x).shape->rank() != 4) return std::nullopt;
  if (rewriter.value(match.x).shape != rewriter.value(node.outputs[0]).shape) return std::nullopt;
  take_rest(rewriter, match);
  return match;
}

}  // namespace mini_infer::optimizer
