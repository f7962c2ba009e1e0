#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// Fills in widen and narrow.
void list_conversions(Simd& simd) noexcept;

}  // namespace mini_infer::cpu::MI_ISA
