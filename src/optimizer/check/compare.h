#pragma once

#include <limits>
#include <optional>
#include <string>

#include "mini_infer/core/tensor.h"

namespace mini_infer::optimizer {

// What a pass may do to the numbers that a graph computes. In any case NaNs stay NaNs and
// infinities stay where they are, with their signs.
struct Numbers {
  // The most by which an element may move, as a part of the scale (see PassCheck). 0: no bit
  // changes, but the sign of a zero and the bits inside a NaN.
  double relative = 0;
  // The largest finite number of the type that the pass stores tensors as.
  double largest = std::numeric_limits<double>::infinity();
  // Whether integers and bools that the graph computes stay the same.
  bool keeps_integers = true;
};

// The largest finite element of a tensor of floats, by magnitude; 0 for other types.
double largest_finite(const core::Tensor& tensor);

// The first element that is not as expected, as "element 3: expected 1.5, found 2"; nullopt where
// all are. Floats may differ by `most`; other types not at all.
std::optional<std::string> difference(const core::Tensor& expected, const core::Tensor& found,
                                      double most);

}  // namespace mini_infer::optimizer
