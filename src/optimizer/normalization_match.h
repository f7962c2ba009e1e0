#pragma once

#include <optional>

#include "optimizer/pattern.h"

// Normalisations over the last axes, as exporters write them out.
namespace mini_infer::optimizer {

// (x - mean) / sqrt(variance + epsilon), or, when not centred, x / sqrt(mean of x² + epsilon);
// means over all axes from `axis` on.
struct Normalization {
  graph::ValueId x;
  int axis;
  float epsilon;
  bool centred;
  // Parameters that are part of the formula already; kNoValue without them.
  graph::ValueId scale = graph::kNoValue;
  graph::ValueId bias = graph::kNoValue;
};

// A quotient: PyTorch's way, in which scale and bias follow.
std::optional<Normalization> normalization_quotient(const graph::Graph& graph,
                                                    const graph::Node& node);

// x * s + (bias - mean * s), where s = scale / sqrt(variance + epsilon): TensorFlow's way.
std::optional<Normalization> normalization_sum(const graph::Graph& graph, const graph::Node& node);

}  // namespace mini_infer::optimizer
