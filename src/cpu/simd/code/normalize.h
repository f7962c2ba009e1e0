#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// Fills in sum, sum_of_squares and normalize.
void list_normalizations(Simd& simd) noexcept;

}  // namespace mini_infer::cpu::MI_ISA
