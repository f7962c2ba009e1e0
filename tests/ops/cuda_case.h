#pragma once

#include "ops/op_case.h"

// Cases on the CUDA backend, whose kernels run on an emulated device.
namespace mini_infer::test {

// The outputs; nullopt where CUDA does not serve the operator or the type.
std::optional<core::Result<std::vector<core::Tensor>>> run_on_cuda(const OpCase& test_case);

}  // namespace mini_infer::test
