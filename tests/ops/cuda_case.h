#pragma once

#include <optional>

#include "ops/op_case.h"

// Cases on the CUDA backend, whose kernels run on an emulated device.
namespace mini_infer::test {

// The outputs, or the Status of inference, binding or running; nullopt where the environment sets
// MINI_INFER_WITHOUT_CUDA. What the CPU serves, CUDA must serve. Output 0 is written over the bytes
// of input `overwritten`, if that is stated.
std::optional<core::Result<std::vector<core::Tensor>>> run_on_cuda(
    const OpCase& test_case, std::optional<std::size_t> overwritten = std::nullopt);

// Expects what the CPU gives, where CUDA has code of its own for the case.
void expect_same_on_cuda(const OpCase& test_case);

}  // namespace mini_infer::test
