#include "cpu/simd/table.h"

#include "cpu/simd/code/activate.h"
#include "cpu/simd/code/attention.h"
#include "cpu/simd/code/elementwise.h"
#include "cpu/simd/code/normalize.h"
#include "cpu/simd/code/softmax.h"
#include "cpu/simd/code/tile.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

Simd make_table() {
  Simd simd;
  list_tiles(simd);
  simd.activate = activate;
  simd.attend = attend;
  simd.attend_one = attend_one;
  list_elementwise(simd);
  list_softmaxes(simd);
  list_normalizations(simd);
  return simd;
}

}  // namespace

extern const Simd kSimd;
const Simd kSimd = make_table();

}  // namespace mini_infer::cpu::MI_ISA
