#include "cpu/simd/code/table.h"

#include "cpu/simd/code/activate.h"
#include "cpu/simd/code/attention.h"
#include "cpu/simd/code/tile.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

Simd make_table() {
  Simd simd;
  list_tiles(simd);
  simd.activate = activate;
  simd.attend = attend;
  simd.attend_one = attend_one;
  return simd;
}

}  // namespace

// Made when it is first asked for: whatever runs while the program loads would run on machines that
// lack these instructions.
const Simd& table() {
  static const Simd simd = make_table();
  return simd;
}

}  // namespace mini_infer::cpu::MI_ISA
