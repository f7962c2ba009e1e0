#pragma once

#include <optional>
#include <string>

#include "mini_infer/core/tensor.h"

namespace mini_infer::cli {

// Whether every element is close to its reference, or the whole output is.
enum class Criterion { kElements, kOutput };

// How far floats may be from the reference. By elements, as numpy's allclose:
// |actual - expected| <= atol + rtol * |expected|. By output: max|actual - expected| <= rel_max *
// max|expected|. A NaN equals a NaN, an infinity itself. All other types must be equal.
struct Tolerance {
  Criterion criterion = Criterion::kElements;
  double rtol = 1e-3;
  double atol = 1e-7;
  double rel_max = 1e-3;
};

struct Comparison {
  std::string difference;  // empty: close enough; names the worst element by the criterion
  // Of floats: max|actual - expected| / max|expected| over finite elements; unset when the shapes
  // or types differ, or when there is no float to compare.
  std::optional<double> relative_error;
};

// Type and shape only.
std::string compare_types(const core::Tensor& actual, const core::Tensor& expected);

Comparison compare(const core::Tensor& actual, const core::Tensor& expected,
                   const Tolerance& tolerance);

}  // namespace mini_infer::cli
