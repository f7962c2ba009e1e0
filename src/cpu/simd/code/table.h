#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// All there is for this instruction set.
const Simd& table();

}  // namespace mini_infer::cpu::MI_ISA
