#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// See Simd.
void attend(const AttentionBlock& block);
void attend_one(const AttentionBlock& block);

}  // namespace mini_infer::cpu::MI_ISA
