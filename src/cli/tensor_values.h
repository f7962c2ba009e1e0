#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mini_infer/core/tensor.h"

namespace mini_infer::cli {

// The elements as numbers; nullopt for types that have none here (strings, complex, 8-bit floats,
// sub-byte types).
std::optional<std::vector<double>> to_doubles(const core::Tensor& tensor);

struct Statistics {
  double min = 0;
  double max = 0;
  double mean = 0;
};

// NaNs make all three NaN. nullopt when there is no element.
std::optional<Statistics> statistics(const std::vector<double>& values);

// Per row of a [rows, classes] tensor of floats, the index of the first largest element; nullopt
// for tensors that do not look like class scores.
std::optional<std::vector<std::int64_t>> best_classes(const core::Tensor& tensor,
                                                      const std::vector<double>& values);

}  // namespace mini_infer::cli
