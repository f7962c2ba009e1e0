#include "optimizer/constants.h"

#include <algorithm>

namespace mini_infer::optimizer {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::Graph;
using graph::ValueId;

const Tensor* find_float_constant(const Graph& graph, ValueId value) {
  if (value == graph::kNoValue) return nullptr;
  const auto& constant = graph.value(value).constant;
  return constant && constant->type() == DataType::kFloat32 ? &*constant : nullptr;
}

std::optional<Tensor> float_constant(const Graph& graph, ValueId value) {
  const Tensor* constant = find_float_constant(graph, value);
  return constant == nullptr ? std::nullopt : std::optional(constant->aligned());
}

bool is_single(const Graph& graph, ValueId value) {
  if (value == graph::kNoValue) return false;
  const auto& constant = graph.value(value).constant;
  return constant && constant->elements() == 1;
}

std::optional<float> float_scalar(const Graph& graph, ValueId value) {
  if (!is_single(graph, value)) return std::nullopt;
  const auto constant = float_constant(graph, value);
  if (!constant) return std::nullopt;
  return constant->as<float>()[0];
}

std::optional<std::vector<std::int64_t>> int_constant(const Graph& graph, ValueId value) {
  if (value == graph::kNoValue || !graph.value(value).constant) return std::nullopt;
  const Tensor constant = graph.value(value).constant->aligned();
  if (constant.type() == DataType::kInt64) {
    const auto elements = constant.as<std::int64_t>();
    return std::vector<std::int64_t>(elements.begin(), elements.end());
  }
  if (constant.type() != DataType::kInt32) return std::nullopt;
  const auto elements = constant.as<std::int32_t>();
  return std::vector<std::int64_t>(elements.begin(), elements.end());
}

std::optional<std::vector<double>> per_channel(const Graph& graph, ValueId value,
                                               const Shape& shape, int axis) {
  const Tensor* constant = find_float_constant(graph, value);
  if (constant == nullptr || constant->shape().rank() > shape.rank()) return std::nullopt;
  const int lead = shape.rank() - constant->shape().rank();
  for (int own = 0; own < constant->shape().rank(); ++own) {
    const std::int64_t extent = constant->shape()[own];
    const bool fits = extent == 1 || (lead + own == axis && extent == shape[axis]);
    if (!fits) return std::nullopt;
  }
  const Tensor aligned = constant->aligned();
  const auto elements = aligned.as<float>();
  std::vector<double> values(elements.begin(), elements.end());
  if (values.size() == 1) values.assign(static_cast<std::size_t>(shape[axis]), values[0]);
  return values;
}

Tensor float_tensor(Shape shape, const std::vector<double>& values) {
  std::vector<float> rounded(values.size());
  std::transform(values.begin(), values.end(), rounded.begin(),
                 [](double value) { return static_cast<float>(value); });
  return Tensor::from<float>(DataType::kFloat32, std::move(shape), rounded);
}

Tensor int_tensor(const std::vector<std::int64_t>& values) {
  return Tensor::from<std::int64_t>(DataType::kInt64,
                                    Shape{static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace mini_infer::optimizer
