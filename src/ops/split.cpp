#include "ops/split.h"

#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using Ints = std::vector<std::int64_t>;

core::Result<Ints> stated_parts(const NodeView& view, std::int64_t extent) {
  MI_ASSIGN(Ints parts, view.ints("split", 1, {}));
  if (static_cast<int>(parts.size()) != view.output_count()) {
    return view.fail("split names " + std::to_string(parts.size()) + " parts for " +
                     std::to_string(view.output_count()) + " outputs");
  }
  std::int64_t left = extent;
  for (std::int64_t part : parts) {
    if (part < 0 || part > left) {
      return view.fail("split does not cut an axis of extent " + std::to_string(extent) +
                       " into parts: found a part of " + std::to_string(part) + " with " +
                       std::to_string(left) + " left");
    }
    left -= part;
  }
  if (left != 0) {
    return view.fail("split leaves " + std::to_string(left) + " of an axis of extent " +
                     std::to_string(extent));
  }
  return parts;
}

// Equal parts; only num_outputs lets the last one be smaller.
core::Result<Ints> equal_parts(const NodeView& view, std::int64_t extent) {
  const std::int64_t count = view.output_count();
  const bool may_differ = view.node().attributes.contains("num_outputs");
  if (may_differ && view.node().get_int("num_outputs", 0) != count) {
    return view.fail("num_outputs is " + std::to_string(view.node().get_int("num_outputs", 0)) +
                     ", but the node has " + std::to_string(count) + " outputs");
  }
  const std::int64_t part = extent / count + (extent % count != 0 ? 1 : 0);
  const std::int64_t last = extent - part * (count - 1);
  if (last < 0 || (last != part && !may_differ)) {
    return view.fail("an axis of extent " + std::to_string(extent) + " does not split into " +
                     std::to_string(count) + " equal parts");
  }
  Ints parts(static_cast<std::size_t>(count), part);
  parts.back() = last;
  return parts;
}

}  // namespace

core::Result<SplitParts> split_parts(const NodeView& view) {
  if (view.output_count() == 0) return view.fail("it has no output");
  const core::Shape& shape = view.input_shape(0);
  MI_ASSIGN(const int axis, normalize_axis(view, view.node().get_int("axis", 0), shape.rank()));
  const bool stated = view.node().attributes.contains("split") || view.has_input(1);
  MI_ASSIGN(Ints extents,
            stated ? stated_parts(view, shape[axis]) : equal_parts(view, shape[axis]));
  return SplitParts{axis, std::move(extents)};
}

}  // namespace mini_infer::ops
