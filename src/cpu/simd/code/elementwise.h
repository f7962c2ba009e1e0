#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// Fills in unary and binary.
void list_elementwise(Simd& simd) noexcept;

}  // namespace mini_infer::cpu::MI_ISA
