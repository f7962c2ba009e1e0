#pragma once

#include "ops/op_case.h"

// What holds for a case whatever its numbers are stored in, and whoever computes it.
namespace mini_infer::test {

// Whether the operator of a case of floats is served in fp16 and bf16 too.
bool has_16_bit_types(const OpCase& test_case);

// The numbers of a case of floats, rounded to fp16 and to bf16, give in these types what they give
// in fp32, rounded; or its neighbour.
void expect_in_16_bits(const OpCase& float_case);

// Floats, rounded to fp16 or bf16.
core::Tensor in_16_bits(const core::Tensor& floats, core::DataType type);

// The numbers of a tensor of fp16 or bf16.
core::Tensor in_32_bits(const core::Tensor& halves);

// Every instruction set of this machine gives the same within the tolerance of expect_output, and
// any number of threads the same bits.
void expect_on_every_machine(const OpCase& test_case);

}  // namespace mini_infer::test
