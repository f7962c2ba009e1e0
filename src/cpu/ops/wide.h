#pragma once

#include "cpu/ops/dispatch.h"

namespace mini_infer::cpu {

// What elements stored as T are computed in: float for the 16-bit formats, a byte for bools, else
// T.
template <typename T>
using Wide = decltype(ops::widened(T{}));

inline constexpr Types<float, double, ops::Float16, ops::BFloat16> kFloatsOfAnyWidth;

}  // namespace mini_infer::cpu
