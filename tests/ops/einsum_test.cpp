#include <gtest/gtest.h>

#include "ops/in_place.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;

OpCase einsum(const std::string& equation, std::vector<Tensor> inputs) {
  return {.op = "Einsum",
          .opset = 12,
          .attributes = {{"equation", equation}},
          .inputs = std::move(inputs)};
}

const Tensor kMatrix = floats({2, 3}, {1, 2, 3, 4, 5, 6});
const Tensor kSquare = floats({2, 2}, {1, 2, 3, 4});

TEST(Einsum, OfOneInput) {
  expect_output(einsum("ij->ji", {kMatrix}), floats({3, 2}, {1, 4, 2, 5, 3, 6}));
  expect_output(einsum("ij->i", {kMatrix}), floats({2}, {6, 15}));
  expect_output(einsum("ij->", {kMatrix}), floats({}, {21}));
  expect_output(einsum("ii->i", {kSquare}), floats({2}, {1, 4}));
  expect_output(einsum("ii", {kSquare}), floats({}, {5}));
  expect_output(einsum("->", {floats({}, {7})}), floats({}, {7}));
}

TEST(Einsum, OfSeveralInputs) {
  const Tensor vector = floats({3}, {1, 10, 100});
  expect_output(einsum("ij,j->i", {kMatrix, vector}), floats({2}, {321, 654}));
  expect_output(einsum("i,j->ij", {floats({2}, {1, 2}), floats({2}, {3, 4})}),
                floats({2, 2}, {3, 4, 6, 8}));
  expect_output(einsum("i,i", {vector, vector}), floats({}, {10101}));
  expect_output(einsum("i,j,j,k->ik", {floats({2}, {1, 2}), floats({2}, {3, 4}),
                                       floats({2}, {5, 6}), floats({2}, {1, 10})}),
                floats({2, 2}, {39, 390, 78, 780}));
}

TEST(Einsum, WithoutAnArrowTheLettersThatAppearOnceAreSorted) {
  expect_output(einsum("ba", {kMatrix}), floats({3, 2}, {1, 4, 2, 5, 3, 6}));
  expect_output(einsum("ij , jk", {kSquare, kSquare}), floats({2, 2}, {7, 10, 15, 22}));
  expect_output(einsum("bA", {kMatrix}), floats({3, 2}, {1, 4, 2, 5, 3, 6}));
}

TEST(Einsum, AnEllipsisStandsForAllAxesNotNamed) {
  const Tensor stack = ramp({2, 2, 2});
  expect_output(einsum("...ii -> ...i", {stack}), floats({2, 2}, {0, 3, 4, 7}));
  expect_output(einsum("i...", {kMatrix}), floats({3, 2}, {1, 4, 2, 5, 3, 6}));
  expect_output(einsum("...i->i...", {kMatrix}), floats({3, 2}, {1, 4, 2, 5, 3, 6}));
  expect_output(einsum("i...->i...", {floats({2}, {1, 2})}), floats({2}, {1, 2}));
  expect_output(einsum("...,...", {floats({2, 1}, {1, 2}), floats({1, 2}, {3, 4})}),
                floats({2, 2}, {3, 4, 6, 8}));
}

TEST(Einsum, HeadsOfAttention) {
  Random random(4);
  const Tensor queries = random.tensor({2, 5, 3, 8});
  const Tensor keys = random.tensor({2, 7, 3, 8});
  const auto product =
      run({.op = "MatMul",
           .inputs = {transposed(queries, {0, 2, 1, 3}), transposed(keys, {0, 2, 3, 1})}});
  ASSERT_TRUE(product.ok());
  expect_output(einsum("bqhd,bkhd->bhqk", {queries, keys}), product.value()[0]);
}

TEST(Einsum, Doubles) {
  const auto doubles = [](Shape shape, std::vector<double> values) {
    return tensor<double>(DataType::kFloat64, std::move(shape), std::move(values));
  };
  expect_output(einsum("i,i->", {doubles({2}, {1e300, 1}), doubles({2}, {0.5, 2})}),
                doubles({}, {5e299 + 2}));
}

TEST(Einsum, ASumOverNothingIsZero) {
  expect_output(einsum("ij->i", {floats({2, 0}, {})}), floats({2}, {0, 0}));
  expect_output(einsum("ij->j", {floats({2, 0}, {})}), floats({0}, {}));
  expect_output(einsum("ij,k->i", {floats({2, 0}, {}), ramp({3})}), floats({2}, {0, 0}));
}

TEST(Einsum, BadEquationsAreQuoted) {
  const auto refuse = [](const std::string& equation, std::vector<Tensor> inputs,
                         const std::string& text) {
    SCOPED_TRACE(equation);
    expect_failure(einsum(equation, std::move(inputs)), Status::ERROR_INVALID_MODEL,
                   "equation '" + equation + "': " + text);
  };
  refuse("ij,jk->ik", {kMatrix}, "expected 1 terms, found 2");
  refuse("i->i", {kMatrix}, "'i' does not name the axes of input 0, [2,3]");
  refuse("ijk...->i", {kMatrix}, "'ijk...' does not name the axes of input 0, [2,3]");
  refuse("i1->i", {kMatrix}, "expected letters and at most one '...', found 'i1'");
  refuse("i..->i", {kMatrix}, "expected letters and at most one '...', found 'i..'");
  refuse("......->i", {kMatrix}, "expected letters and at most one '...', found '......'");
  refuse("ij->i->j", {kMatrix}, "expected letters and at most one '...', found 'i->j'");
  refuse("ij->k", {kMatrix}, "no input has the index 'k'");
  refuse("ij->ii", {kMatrix}, "the output repeats the index 'i'");
  refuse("i...->i", {kMatrix}, "the output leaves '...' out");
  refuse("ij,jk->ik", {kMatrix, kSquare}, "one index has the extents 3 and 2");
  refuse("ii->i", {kMatrix}, "one index has the extents 2 and 3");
  refuse("...,...", {kMatrix, ramp({2})}, "'...' stands for 2 axes and for 1");
}

TEST(Einsum, BadInputsAreNamed) {
  expect_failure(einsum("i,i", {ramp({1}), int32s({1}, {1})}), Status::ERROR_INVALID_MODEL,
                 "input 1: expected float32 as input 0 has, found int32");
  expect_failure(einsum("i", {int32s({1}, {1})}), Status::ERROR_UNSUPPORTED, "type int32");
  expect_failure(einsum("", {}), Status::ERROR_INVALID_MODEL, "found 0");
  std::string sixteen = "i";
  for (int i = 0; i < 16; ++i) sixteen += ",i";
  expect_failure(einsum(sixteen, std::vector<Tensor>(17, ramp({1}))), Status::ERROR_UNSUPPORTED,
                 "a product of more than 16 inputs");
}

}  // namespace
}  // namespace mini_infer::test
