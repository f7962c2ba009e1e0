#include "cpu/simd/code/table.h"

#include "cpu/simd/code/activate.h"
#include "cpu/simd/code/attention.h"
#include "cpu/simd/code/convert.h"
#include "cpu/simd/code/depthwise.h"
#include "cpu/simd/code/elementwise.h"
#include "cpu/simd/code/normalize.h"
#include "cpu/simd/code/pool.h"
#include "cpu/simd/code/softmax.h"
#include "cpu/simd/code/tile.h"
#include "cpu/simd/code/winograd.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

Simd make_table() {
  Simd simd;
  list_tiles(simd);
  simd.activate = activate;
  simd.attend = attend;
  simd.attend_one = attend_one;
  simd.depthwise = depthwise;
  simd.max_pool = max_pool;
  simd.average_pool = average_pool;
  simd.winograd_input = winograd_input;
  simd.winograd_output = winograd_output;
  list_conversions(simd);
  list_elementwise(simd);
  list_softmaxes(simd);
  list_normalizations(simd);
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
