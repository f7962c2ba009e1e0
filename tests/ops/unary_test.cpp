#include <gtest/gtest.h>

#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();

TEST(Unary, ReluKeepsNanAndInfinity) {
  expect_output({.op = "Relu", .inputs = {floats({5}, {-1, 0, 2, kNan, kInf})}},
                floats({5}, {0, 0, 2, kNan, kInf}));
}

TEST(Unary, SigmoidDoesNotOverflow) {
  expect_output({.op = "Sigmoid", .inputs = {floats({3}, {-1000, 0, 1000})}},
                floats({3}, {0, 0.5f, 1}));
}

TEST(Unary, AnUnsupportedTypeIsNamed) {
  core::Tensor complex = core::Tensor::allocate(core::DataType::kComplex64, core::Shape{1}).value();
  expect_failure({.op = "Relu", .inputs = {complex}}, core::Status::ERROR_UNSUPPORTED, "complex64");
}

}  // namespace
}  // namespace mini_infer::test
