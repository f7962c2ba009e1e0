#include "cpu/simd/table.h"

#include "cpu/simd/code/activate.h"
#include "cpu/simd/code/tile.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

Simd make_table() {
  Simd simd;
  list_tiles(simd);
  simd.activate = activate;
  return simd;
}

}  // namespace

extern const Simd kSimd;
const Simd kSimd = make_table();

}  // namespace mini_infer::cpu::MI_ISA
