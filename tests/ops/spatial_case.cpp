#include "ops/spatial_case.h"

#include <algorithm>
#include <numeric>

namespace mini_infer::test {

using core::Shape;
using core::Tensor;

std::int64_t Random::number(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
}

Tensor Random::tensor(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (float& value : values) value = 0.25f * static_cast<float>(number(-8, 8));
  return floats(shape, std::move(values));
}

Tensor Random::fractions(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (float& value : values) value = 1e-3f * static_cast<float>(number(-1000, 1000));
  return floats(shape, std::move(values));
}

void for_each_index(const Extents& shape, const std::function<void(const Extents&)>& visit) {
  const std::int64_t count = Shape(shape).elements();
  Extents index(shape.size(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    visit(index);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

std::int64_t flat_index(const Extents& shape, const Extents& index) {
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) flat = flat * shape[axis] + index[axis];
  return flat;
}

Tensor transposed(const Tensor& tensor, const std::vector<int>& axes) {
  Extents shape;
  for (int axis : axes) shape.push_back(tensor.shape()[axis]);
  std::vector<float> values;
  for_each_index(shape, [&](const Extents& index) {
    Extents from(index.size());
    for (std::size_t i = 0; i < axes.size(); ++i) from[axes[i]] = index[i];
    values.push_back(tensor.as<float>()[flat_index(tensor.shape().dims(), from)]);
  });
  return floats(Shape(shape), std::move(values));
}

Tensor channels_last(const Tensor& tensor) {
  std::vector<int> axes = {0};
  for (int axis = 2; axis < tensor.shape().rank(); ++axis) axes.push_back(axis);
  axes.push_back(1);
  return transposed(tensor, axes);
}

Extents SlidingCase::output() const {
  Extents extents;
  for (std::size_t i = 0; i < input.size(); ++i) {
    // Counted by hand: a window counts when it ends inside the padded input, and with ceil_mode
    // also when it begins on the input or in the padding before it.
    const std::int64_t padded = begin[i] + input[i] + end[i];
    const std::int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    std::int64_t count = 0;
    while (count * strides[i] + reach <= padded) ++count;
    const std::int64_t next = count * strides[i];
    const bool sticks_out = next < padded && (next - strides[i]) + reach < padded;
    if (ceil_mode && sticks_out && next < begin[i] + input[i]) ++count;
    extents.push_back(count);
  }
  return extents;
}

bool SlidingCase::under(const Extents& output, const Extents& tap, Extents& input_index) const {
  input_index.resize(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    input_index[i] = output[i] * strides[i] + tap[i] * dilations[i] - begin[i];
    if (input_index[i] < 0 || input_index[i] >= input[i]) return false;
  }
  return true;
}

bool SlidingCase::on_padded(const Extents& output, const Extents& tap) const {
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::int64_t at = output[i] * strides[i] + tap[i] * dilations[i];
    if (at >= begin[i] + input[i] + end[i]) return false;
  }
  return true;
}

std::map<std::string, graph::Attribute, std::less<>> SlidingCase::attributes() const {
  std::map<std::string, graph::Attribute, std::less<>> attributes = {
      {"kernel_shape", kernel}, {"strides", strides}, {"dilations", dilations}};
  if (ceil_mode) attributes["ceil_mode"] = std::int64_t{1};
  if (auto_pad != "NOTSET") {
    attributes["auto_pad"] = auto_pad;
    return attributes;
  }
  Extents pads = begin;
  pads.insert(pads.end(), end.begin(), end.end());
  attributes["pads"] = pads;
  return attributes;
}

namespace {

void pad_same(SlidingCase& window, std::size_t i) {
  const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
  const std::int64_t outputs = (window.input[i] + window.strides[i] - 1) / window.strides[i];
  const std::int64_t needed = (outputs - 1) * window.strides[i] + reach;
  const std::int64_t total = std::max<std::int64_t>(needed - window.input[i], 0);
  const std::int64_t smaller = total / 2;
  window.begin[i] = window.auto_pad == "SAME_UPPER" ? smaller : total - smaller;
  window.end[i] = total - window.begin[i];
}

}  // namespace

SlidingCase random_sliding_case(Random& random, int rank, bool may_ceil) {
  const auto size = static_cast<std::size_t>(rank);
  const char* const kPaddings[] = {"NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  SlidingCase window;
  window.auto_pad = kPaddings[random.number(0, 4)];
  window.ceil_mode = may_ceil && window.auto_pad == "NOTSET" && random.coin();
  window.begin.assign(size, 0);
  window.end.assign(size, 0);
  for (std::size_t i = 0; i < size; ++i) {
    window.kernel.push_back(random.number(1, 3));
    window.strides.push_back(random.number(1, 3));
    window.dilations.push_back(random.number(1, 2));
    const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    window.input.push_back(reach + random.number(0, 5));
    if (window.auto_pad == "NOTSET") {
      // Less than the kernel: no window lies in the padding alone.
      window.begin[i] = random.number(0, window.kernel[i] - 1);
      window.end[i] = random.number(0, window.kernel[i] - 1);
    } else if (window.auto_pad != "VALID") {
      pad_same(window, i);
    }
  }
  return window;
}

}  // namespace mini_infer::test
