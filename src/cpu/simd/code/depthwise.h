#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

void depthwise(const DepthwiseRow& row);

}  // namespace mini_infer::cpu::MI_ISA
