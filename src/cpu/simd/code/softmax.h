#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// Fills in softmax and log_softmax.
void list_softmaxes(Simd& simd) noexcept;

}  // namespace mini_infer::cpu::MI_ISA
