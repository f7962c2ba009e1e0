#pragma once

#include <optional>

#include "optimizer/pattern.h"

// Activations that are written as coefficient * x * gate, where the gate is a function of x.
namespace mini_infer::optimizer {

struct Gated {
  double coefficient;
  graph::ValueId x;
  graph::ValueId gate;
};

// The activation that the product is, or nullopt. One family a file.
std::optional<Replacement> swish_of(const Rewriter& rewriter, const Gated& gated);
std::optional<Replacement> hard_swish_of(const Rewriter& rewriter, const Gated& gated);
std::optional<Replacement> mish_of(const Rewriter& rewriter, const Gated& gated);
std::optional<Replacement> gelu_of(const Rewriter& rewriter, const Gated& gated);

}  // namespace mini_infer::optimizer
