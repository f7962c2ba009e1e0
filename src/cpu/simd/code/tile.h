#pragma once

#include "cpu/simd/table.h"

namespace mini_infer::cpu::MI_ISA {

// Fills in lanes, tile_rows, tile and tile_narrow.
void list_tiles(Simd& simd);

}  // namespace mini_infer::cpu::MI_ISA
