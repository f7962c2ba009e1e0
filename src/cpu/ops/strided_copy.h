#pragma once

#include "core/thread_pool.h"
#include "ops/strided_copy.h"

namespace mini_infer::cpu {

// The same copy, its axes ordered so that strided_copy() runs along both sides of it.
ops::StridedCopy order_for_cache(ops::StridedCopy copy);

// Copies elements as wide as T (an unsigned integer or Bits128). Allocates nothing.
template <typename T>
void strided_copy(const ops::StridedCopy& copy, core::ThreadPool& threads, const T* from, T* to);

}  // namespace mini_infer::cpu
