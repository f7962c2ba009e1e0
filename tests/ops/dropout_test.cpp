#include <gtest/gtest.h>

#include <algorithm>

#include "ops/alias_case.h"
#include "ops/cuda_case.h"
#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

using core::Status;

core::Tensor flag(bool value) { return bools({}, {value}); }

OpCase training(float ratio, std::int64_t seed, int outputs = 2) {
  return {.op = "Dropout",
          .attributes = {{"seed", seed}},
          .inputs = {ramp({1000}, 0.0f, 1.0f), floats({}, {ratio}), flag(true)},
          .outputs = outputs};
}

TEST(Dropout, PassesThroughOutsideTraining) {
  const auto x = ramp({2, 3});
  expect_output({.op = "Dropout", .opset = 7, .inputs = {x}}, x);
  expect_output({.op = "Dropout", .opset = 10, .attributes = {{"ratio", 0.9f}}, .inputs = {x}}, x);
  expect_output({.op = "Dropout", .inputs = {x, floats({}, {0.9f})}}, x);
  expect_output({.op = "Dropout", .inputs = {x, floats({}, {0.9f}), flag(false)}}, x);
  expect_output({.op = "Dropout", .inputs = {x, floats({}, {0}), flag(true)}}, x);
}

TEST(Dropout, MasksNothingOutsideTraining) {
  const OpCase of_now{.op = "Dropout", .inputs = {ramp({3})}, .outputs = 2};
  auto now = run(of_now);
  ASSERT_TRUE(now.ok()) << now.status().to_string();
  EXPECT_EQ(now.value()[1].type(), core::DataType::kBool);
  EXPECT_EQ(now.value()[1].as<std::uint8_t>()[2], 1);
  expect_same_on_cuda(of_now);
  const OpCase of_old{.op = "Dropout", .opset = 7, .inputs = {ramp({3})}, .outputs = 2};
  auto before = run(of_old);
  ASSERT_TRUE(before.ok()) << before.status().to_string();
  EXPECT_EQ(before.value()[1].type(), core::DataType::kFloat32);
  EXPECT_EQ(before.value()[1].as<float>()[2], 1.0f);
  expect_same_on_cuda(of_old);
}

TEST(Dropout, ZeroesTheRatioAndScalesTheRestInTraining) {
  auto outputs = run(training(0.75f, 3));
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  const auto y = outputs.value()[0].as<float>();
  const auto mask = outputs.value()[1].as<std::uint8_t>();
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], mask[i] != 0 ? 4.0f : 0.0f);
  const auto kept = std::count(mask.begin(), mask.end(), 1);
  EXPECT_GT(kept, 200);
  EXPECT_LT(kept, 300);
  expect_same_on_cuda(training(0.75f, 3));
}

TEST(Dropout, RepeatsItselfForASeed) {
  const auto output = [](std::int64_t seed) {
    const auto y = run(training(0.5f, seed)).value()[0];
    return std::vector<float>(y.as<float>().begin(), y.as<float>().end());
  };
  EXPECT_EQ(output(1), output(1));
  EXPECT_NE(output(1), output(2));
}

TEST(Dropout, IsAViewUnlessItDrops) {
  EXPECT_TRUE(is_view({.op = "Dropout", .inputs = {ramp({3})}}));
  EXPECT_TRUE(is_view(training(0.0f, 0, 1)));
  EXPECT_FALSE(is_view(training(0.5f, 0, 1)));
}

TEST(Dropout, RefusesARatioOfOne) {
  expect_failure(training(1.0f, 0), Status::ERROR_INVALID_MODEL, "ratio");
}

}  // namespace
}  // namespace mini_infer::test
