#pragma once

#include "ops/op_case.h"

namespace mini_infer::test {

// Runs the case with output 0 written over the bytes of input `slot`, and expects the bits that
// separate buffers give.
void expect_same_in_place(const OpCase& test_case, int slot = 0);

// A tensor of any element type, stored as T.
template <typename T>
core::Tensor tensor(core::DataType type, core::Shape shape, std::vector<T> values) {
  return core::Tensor::from<T>(type, std::move(shape), values);
}

}  // namespace mini_infer::test
