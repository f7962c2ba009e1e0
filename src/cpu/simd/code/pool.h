#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

void max_pool(const PoolWindow& window);
void average_pool(const PoolWindow& window, float count);

}  // namespace mini_infer::cpu::MI_ISA
