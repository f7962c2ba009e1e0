#pragma once

#include "cpu/ops/dispatch.h"
#include "cpu/ops/parallel.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {

// y = function(x) over `count` elements of input 0, by vector code.
template <typename T>
void map_vectors(const ops::KernelArgs& args, UnaryLoop loop, const void* function,
                 std::int64_t count) {
  for_pieces(*args.threads, count, kPieceElements, [&](std::int64_t first, std::int64_t last) {
    loop(function, args.in<T>(0) + first, args.out<T>(0) + first, last - first);
  });
}

}  // namespace mini_infer::cpu
