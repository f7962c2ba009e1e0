#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

void winograd_input(const WinogradInput& tile);
void winograd_output(const WinogradOutput& tile);

}  // namespace mini_infer::cpu::MI_ISA
