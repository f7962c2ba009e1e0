#include "ops/spatial.h"

#include <algorithm>
#include <optional>

namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

// Bounds that keep every product and sum of one axis far inside int64, whatever a file says.
constexpr std::int64_t kLargestAttribute = INT32_MAX;
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;

enum class Padding { kExplicit, kSameUpper, kSameLower, kValid };

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a <= 0 ? 0 : (a - 1) / b + 1; }

std::string name_axis(int axis) { return " of spatial axis " + std::to_string(axis); }

Result<Padding> padding_of(const NodeView& view) {
  const std::string name = view.node().get_string("auto_pad", "NOTSET");
  if (name == "NOTSET" || name.empty()) return Padding::kExplicit;
  if (name == "SAME_UPPER") return Padding::kSameUpper;
  if (name == "SAME_LOWER") return Padding::kSameLower;
  if (name == "VALID") return Padding::kValid;
  return view.fail("auto_pad '" + name + "' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID");
}

// A list attribute with one number per axis (pads: two), each in [lowest, kLargestAttribute].
Result<std::vector<std::int64_t>> axis_list(const NodeView& view, const char* key,
                                            std::size_t count, std::int64_t lowest) {
  auto values = view.node().get_ints(key);
  if (values.empty()) values.assign(count, lowest);
  if (values.size() != count) {
    return view.fail(std::string(key) + ": expected " + std::to_string(count) + " numbers, found " +
                     std::to_string(values.size()));
  }
  for (std::int64_t value : values) {
    if (value < lowest || value > kLargestAttribute) {
      return view.fail(std::string(key) + ": " + std::to_string(value) + " is not in [" +
                       std::to_string(lowest) + ", " + std::to_string(kLargestAttribute) + "]");
    }
  }
  return values;
}

Status check_extents(const NodeView& view, const std::vector<std::int64_t>& input,
                     const std::vector<std::int64_t>& kernel) {
  if (kernel.size() != input.size()) {
    return view.fail("a kernel of " + std::to_string(kernel.size()) +
                     " axes slides over an input of " + std::to_string(input.size()) +
                     " spatial axes");
  }
  if (input.size() > std::tuple_size_v<Window>) {
    return view.unsupported("an input of " + std::to_string(input.size()) + " spatial axes");
  }
  for (std::size_t axis = 0; axis < input.size(); ++axis) {
    if (kernel[axis] < 1 || kernel[axis] > kLargestAttribute) {
      return view.fail("kernel extent " + std::to_string(kernel[axis]) +
                       name_axis(static_cast<int>(axis)) + " is not in [1, " +
                       std::to_string(kLargestAttribute) + "]");
    }
    if (input[axis] > kLargestExtent) {
      return view.unsupported("input extent " + std::to_string(input[axis]) +
                              name_axis(static_cast<int>(axis)));
    }
  }
  return Status::SUCCESS;
}

// Elements from the first to the last one under the kernel.
Result<std::int64_t> reach_of(const NodeView& view, int index, const SlidingAxis& axis) {
  const std::int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  if (reach > kLargestExtent) return view.unsupported("a dilated kernel" + name_axis(index));
  return reach;
}

// Output and padding such that every input element has a window: ceil(input / stride) of them.
void resolve_same(SlidingAxis& axis, std::int64_t reach, bool upper) {
  axis.output = ceil_div(axis.input, axis.stride);
  const std::int64_t total =
      std::max<std::int64_t>(0, (axis.output - 1) * axis.stride + reach - axis.input);
  axis.pad_begin = upper ? total / 2 : total - total / 2;
  axis.pad_end = total - axis.pad_begin;
}

Status resolve_explicit(const NodeView& view, int index, std::int64_t reach, bool ceil_mode,
                        SlidingAxis& axis) {
  const std::int64_t room = axis.input + axis.pad_begin + axis.pad_end - reach;
  if (room < 0) {
    return view.fail("the kernel reaches over " + std::to_string(reach) + " elements" +
                     name_axis(index) + ", but the input with its padding has " +
                     std::to_string(reach + room));
  }
  axis.output = (ceil_mode ? ceil_div(room, axis.stride) : room / axis.stride) + 1;
  // A window that would begin in the padding behind the input does not count.
  if (ceil_mode && (axis.output - 1) * axis.stride >= axis.input + axis.pad_begin) --axis.output;
  return Status::SUCCESS;
}

Status resolve(const NodeView& view, int index, Padding padding, bool ceil_mode,
               SlidingAxis& axis) {
  MI_ASSIGN(const std::int64_t reach, reach_of(view, index, axis));
  if (padding == Padding::kSameUpper || padding == Padding::kSameLower) {
    resolve_same(axis, reach, padding == Padding::kSameUpper);
    return Status::SUCCESS;
  }
  return resolve_explicit(view, index, reach, ceil_mode, axis);
}

// The attribute output_shape, which may be left out.
Result<std::optional<std::vector<std::int64_t>>> stated_output(const NodeView& view,
                                                               std::size_t rank) {
  using Output = std::optional<std::vector<std::int64_t>>;
  if (view.node().get_ints("output_shape").empty()) return Output();
  MI_ASSIGN(auto extents, axis_list(view, "output_shape", rank, 0));
  return Output(std::move(extents));
}

// The window of a transposed convolution: padding crops what the kernels spread over, unless the
// output is stated; then it follows from that.
Status resolve_spread(const NodeView& view, int index, Padding padding, std::int64_t extra,
                      std::optional<std::int64_t> output, SlidingAxis& axis) {
  MI_ASSIGN(const std::int64_t reach, reach_of(view, index, axis));
  std::int64_t steps = 0;
  std::int64_t spread = 0;
  if (__builtin_mul_overflow(axis.input, axis.stride, &steps) ||
      __builtin_add_overflow(steps - axis.stride, reach + extra, &spread)) {
    return view.fail("strides give no output extent" + name_axis(index));
  }
  const bool same = padding == Padding::kSameUpper || padding == Padding::kSameLower;
  if (same && !output) output = steps;
  if (output) {
    const std::int64_t total = std::max<std::int64_t>(0, spread - *output);
    axis.pad_begin = padding == Padding::kSameUpper ? total / 2 : total - total / 2;
    axis.pad_end = total - axis.pad_begin;
  }
  axis.output = output.value_or(spread - axis.pad_begin - axis.pad_end);
  if (axis.output >= 0) return Status::SUCCESS;
  return view.fail("the padding" + name_axis(index) + " crops more than the " +
                   std::to_string(spread) + " elements there are");
}

// What the attributes say of each axis, the output still open.
Result<Window> stated_window(const NodeView& view, const std::vector<std::int64_t>& input,
                             const std::vector<std::int64_t>& kernel, Padding padding) {
  MI_TRY(check_extents(view, input, kernel));
  const std::size_t rank = input.size();
  MI_ASSIGN(const auto strides, axis_list(view, "strides", rank, 1));
  MI_ASSIGN(const auto dilations, axis_list(view, "dilations", rank, 1));
  MI_ASSIGN(const auto pads, axis_list(view, "pads", 2 * rank, 0));
  Window window;
  for (std::size_t i = 0; i < rank; ++i) {
    window[window.size() - rank + i] = {
        .input = input[i],
        .kernel = kernel[i],
        .stride = strides[i],
        .dilation = dilations[i],
        .pad_begin = padding == Padding::kExplicit ? pads[i] : 0,
        .pad_end = padding == Padding::kExplicit ? pads[rank + i] : 0};
  }
  return window;
}

}  // namespace

Result<Layout> layout_of(const NodeView& view, std::string_view key) {
  if (view.node().domain != graph::kInternalDomain) return Layout::kNchw;
  const std::string name = view.node().get_string(key, "NCHW");
  if (name == "NCHW") return Layout::kNchw;
  if (name == "NHWC") return Layout::kNhwc;
  return view.fail(std::string(key) + " '" + name + "' is neither NCHW nor NHWC");
}

Shape Image::shape(Layout layout) const {
  std::vector<std::int64_t> dims = {batch};
  if (layout == Layout::kNchw) dims.push_back(channels);
  dims.insert(dims.end(), spatial.begin(), spatial.end());
  if (layout == Layout::kNhwc) dims.push_back(channels);
  return Shape(std::move(dims));
}

Result<Image> image_of(const NodeView& view, int slot, Layout layout) {
  const Shape& shape = view.input_shape(slot);
  if (shape.rank() < 3) {
    return view.fail("input " + std::to_string(slot) +
                     ": expected batch, channels and at least one spatial axis, found " +
                     shape.to_string());
  }
  Image image;
  image.batch = shape[0];
  image.channels = shape[layout == Layout::kNchw ? 1 : shape.rank() - 1];
  const auto first = shape.begin() + (layout == Layout::kNchw ? 2 : 1);
  image.spatial.assign(first, first + shape.rank() - 2);
  return image;
}

ChannelView channel_view(const Shape& shape, Layout layout) {
  if (shape.rank() < 2) return {.outer = shape.elements()};
  const int axis = layout == Layout::kNchw ? 1 : shape.rank() - 1;
  return {.outer = shape.elements(0, axis),
          .channels = shape[axis],
          .inner = shape.elements(axis + 1, shape.rank())};
}

Status expect_shape(const NodeView& view, int slot, const char* what, const Shape& expected) {
  if (view.input_shape(slot) == expected) return Status::SUCCESS;
  return view.fail(std::string(what) + " (input " + std::to_string(slot) + "): expected " +
                   expected.to_string() + ", found " + view.input_shape(slot).to_string());
}

Status expect_one_type(const NodeView& view) {
  for (int slot = 1; slot < view.input_count(); ++slot) {
    if (!view.has_input(slot) || view.input_type(slot) == view.input_type(0)) continue;
    return view.fail("input " + std::to_string(slot) + ": expected " +
                     core::type_name(view.input_type(0)) + " as input 0 has, found " +
                     core::type_name(view.input_type(slot)));
  }
  return Status::SUCCESS;
}

Result<std::vector<std::int64_t>> kernel_of(const NodeView& view, int spatial_rank) {
  const Shape& shape = view.input_shape(1);
  if (shape.rank() != spatial_rank + 2) {
    return view.fail("weights (input 1): expected rank " + std::to_string(spatial_rank + 2) +
                     " as the input has, found " + shape.to_string());
  }
  std::vector<std::int64_t> kernel(shape.begin() + 2, shape.end());
  const auto stated = view.node().get_ints("kernel_shape", kernel);
  if (stated != kernel) {
    return view.fail("kernel_shape " + Shape(stated).to_string() + " is not that of the weights " +
                     shape.to_string());
  }
  return kernel;
}

std::int64_t SlidingAxis::spread_from(std::int64_t at_output, std::int64_t tap) const {
  const std::int64_t offset = at_output + pad_begin - tap * dilation;
  if (offset < 0 || offset % stride != 0 || offset / stride >= input) return -1;
  return offset / stride;
}

Result<Window> sliding_window(const NodeView& view, const std::vector<std::int64_t>& input,
                              const std::vector<std::int64_t>& kernel) {
  MI_ASSIGN(const Padding padding, padding_of(view));
  MI_ASSIGN(Window window, stated_window(view, input, kernel, padding));
  const bool ceil_mode = view.node().get_int("ceil_mode", 0) != 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    SlidingAxis& axis = window[window.size() - input.size() + i];
    MI_TRY(resolve(view, static_cast<int>(i), padding, ceil_mode, axis));
  }
  return window;
}

Result<Window> spreading_window(const NodeView& view, const std::vector<std::int64_t>& input,
                                const std::vector<std::int64_t>& kernel) {
  MI_ASSIGN(const Padding padding, padding_of(view));
  MI_ASSIGN(Window window, stated_window(view, input, kernel, padding));
  MI_ASSIGN(const auto extra, axis_list(view, "output_padding", input.size(), 0));
  MI_ASSIGN(const auto output, stated_output(view, input.size()));
  for (std::size_t i = 0; i < input.size(); ++i) {
    SlidingAxis& axis = window[window.size() - input.size() + i];
    MI_TRY(resolve_spread(view, static_cast<int>(i), padding, extra[i],
                          output ? std::optional((*output)[i]) : std::nullopt, axis));
  }
  return window;
}

std::vector<std::int64_t> output_extents(const Window& window, int rank) {
  std::vector<std::int64_t> extents;
  for (auto axis = window.end() - rank; axis != window.end(); ++axis) {
    extents.push_back(axis->output);
  }
  return extents;
}

}  // namespace mini_infer::ops
