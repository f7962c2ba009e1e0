#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// Fills in lanes, tile_rows and all that computes tiles.
void list_tiles(Simd& simd) noexcept;

}  // namespace mini_infer::cpu::MI_ISA
