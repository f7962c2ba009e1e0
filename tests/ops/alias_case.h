#pragma once

#include <vector>

#include "mini_infer/core/tensor.h"
#include "ops/op_case.h"
#include "ops/op_def.h"

// How an operator shares bytes between an input and an output.
namespace mini_infer::test {

// The alias facts that hold for the case's node.
std::vector<ops::Alias> aliases_of(const OpCase& test_case);

bool is_view(const OpCase& test_case);

// Output 0 of the CPU kernel when it is given the bytes of input 0 to write to.
core::Tensor run_in_place(const OpCase& test_case);

// Expects that input 0 may be overwritten, and `expected` to come out of doing so.
void expect_overwrites(const OpCase& test_case, const core::Tensor& expected);

}  // namespace mini_infer::test
