#pragma once

#include <cstring>

#include "ops/backend.h"

namespace mini_infer::cuda {

template <typename Unit>
void transpose_weights(std::int64_t rows, std::int64_t columns, const std::byte* from,
                       std::byte* to) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      std::memcpy(to + (column * rows + row) * std::int64_t{sizeof(Unit)},
                  from + (row * columns + column) * std::int64_t{sizeof(Unit)}, sizeof(Unit));
    }
  }
}

// Input `slot`, a constant [count, rows, columns] of 2- or 4-byte elements, as
// [count, columns, rows].
inline ops::PackedInput transposed_weights(const ops::NodeView& view, int slot, std::int64_t count,
                                           std::int64_t rows, std::int64_t columns) {
  const bool wide = view.input_type(slot) == core::DataType::kFloat32;
  const std::int64_t bytes = rows * columns * (wide ? 4 : 2);
  return {.slot = slot,
          .bytes = static_cast<std::size_t>(count * bytes),
          .form = "transposed, " + std::to_string(rows) + " by " + std::to_string(columns),
          .pack = [=](const core::Tensor& weights, std::byte* to, core::ThreadPool& threads) {
            const std::byte* from = weights.bytes().data();
            threads.run(count, [=](std::int64_t i, int) {
              const auto transpose =
                  wide ? transpose_weights<std::uint32_t> : transpose_weights<std::uint16_t>;
              transpose(rows, columns, from + i * bytes, to + i * bytes);
            });
          }};
}

}  // namespace mini_infer::cuda
