#pragma once

#include <optional>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"

// What passes ask of constants.
namespace mini_infer::optimizer {

// A float32 constant as it is, perhaps not aligned, for questions about its shape: float_constant()
// may copy all of its bytes. Null when the value is left out, not constant or of another type.
const core::Tensor* find_float_constant(const graph::Graph& graph, graph::ValueId value);

// The bytes of a float32 constant, aligned; nullopt when the value is left out, not constant or of
// another type.
std::optional<core::Tensor> float_constant(const graph::Graph& graph, graph::ValueId value);

// Whether the value is a constant of exactly one element. Asked first, it spares large constants a
// look at their bytes.
bool is_single(const graph::Graph& graph, graph::ValueId value);

// The element of a float32 constant that has exactly one.
std::optional<float> float_scalar(const graph::Graph& graph, graph::ValueId value);

// The elements of an int32 or int64 constant.
std::optional<std::vector<std::int64_t>> int_constant(const graph::Graph& graph,
                                                      graph::ValueId value);

// A float32 constant read as one number per index of `axis` of a tensor of this shape, to which it
// must broadcast without changing it; a single number is repeated. nullopt when it varies along
// another axis.
std::optional<std::vector<double>> per_channel(const graph::Graph& graph, graph::ValueId value,
                                               const core::Shape& shape, int axis);

core::Tensor float_tensor(core::Shape shape, const std::vector<double>& values);
core::Tensor int_tensor(const std::vector<std::int64_t>& values);

}  // namespace mini_infer::optimizer
