#include "ops/slice.h"

#include <algorithm>
#include <numeric>

#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using Ints = std::vector<std::int64_t>;

struct Range {
  std::int64_t start;
  std::int64_t step;
  std::int64_t extent;
};

// The standard's rule: negative positions count from the end, then both are clamped to where a walk
// in the direction of `step` may begin and end.
Range clamp_range(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent) {
  if (extent == 0) return {0, 1, 0};
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  std::int64_t count = 0;
  if (step > 0) {
    start = std::clamp<std::int64_t>(start, 0, extent);
    end = std::clamp<std::int64_t>(end, 0, extent);
    if (end > start) count = 1 + (end - start - 1) / step;
  } else {
    start = std::clamp<std::int64_t>(start, 0, extent - 1);
    end = std::clamp<std::int64_t>(end, -1, extent - 1);
    step = std::max(step, -INT64_MAX);  // so that it can be negated
    if (start > end) count = 1 + (start - end - 1) / -step;
  }
  return {start, count > 1 ? step : 1, count};
}

}  // namespace

core::Result<SliceWindow> slice_window(const NodeView& view) {
  const core::Shape& shape = view.input_shape(0);
  MI_ASSIGN(const Ints starts, view.ints("starts", 1, {}));
  MI_ASSIGN(const Ints ends, view.ints("ends", 2, {}));
  Ints leading(starts.size());
  std::iota(leading.begin(), leading.end(), 0);
  MI_ASSIGN(const Ints named_axes, view.ints("axes", 3, leading));
  MI_ASSIGN(const Ints steps, view.ints("steps", 4, Ints(starts.size(), 1)));
  if (ends.size() != starts.size() || named_axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return view.fail("starts, ends, axes and steps differ in length: " +
                     std::to_string(starts.size()) + ", " + std::to_string(ends.size()) + ", " +
                     std::to_string(named_axes.size()) + ", " + std::to_string(steps.size()));
  }
  MI_ASSIGN(const std::vector<int> axes, normalize_axes(view, named_axes, shape.rank()));

  const auto rank = static_cast<std::size_t>(shape.rank());
  SliceWindow window{.starts = Ints(rank, 0), .steps = Ints(rank, 1), .extents = shape};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (steps[i] == 0) return view.fail("the step along axis " + std::to_string(axes[i]) + " is 0");
    const Range range = clamp_range(starts[i], ends[i], steps[i], shape[axes[i]]);
    const auto axis = static_cast<std::size_t>(axes[i]);
    window.starts[axis] = range.start;
    window.steps[axis] = range.step;
    window.extents[axes[i]] = range.extent;
  }
  return window;
}

}  // namespace mini_infer::ops
