#include <gtest/gtest.h>

#include <cmath>

#include "ops/in_place.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

Attributes in_nhwc(Attributes attributes) {
  attributes["layout"] = std::string("NHWC");
  return attributes;
}

// --- BatchNormalization ---

OpCase batch_normalization(Tensor x, std::int64_t channels) {
  return {.op = "BatchNormalization",
          .opset = 15,
          .attributes = {{"epsilon", 0.5f}},
          .inputs = {std::move(x), ramp({channels}, 1, 1), ramp({channels}, 10),
                     ramp({channels}, 0.5f), ramp({channels}, 1, 0.5f)}};
}

// The formula of the standard for that case.
Tensor normalized(const Tensor& x, std::int64_t channels, std::int64_t inner) {
  std::vector<float> y;
  for (std::size_t i = 0; i < x.as<float>().size(); ++i) {
    const auto c = static_cast<double>(static_cast<std::int64_t>(i) / inner % channels);
    const double distance = static_cast<double>(x.as<float>()[i]) - 0.5 * c;
    y.push_back(static_cast<float>((1 + c) * distance / std::sqrt(c + 0.5 + 0.5) + 10 * c));
  }
  return floats(x.shape(), std::move(y));
}

TEST(BatchNormalization, ChannelsAreTheSecondAxis) {
  Random random(1);
  for (const Shape& shape : {Shape{2, 3}, Shape{2, 3, 5}, Shape{2, 70, 2, 3}, Shape{1, 70}}) {
    const Tensor x = random.tensor(shape);
    const OpCase test_case = batch_normalization(x, shape[1]);
    expect_output(test_case, normalized(x, shape[1], shape.elements(2, shape.rank())));
    expect_same_in_place(test_case);
  }
}

TEST(BatchNormalization, ChannelsMayBeLast) {
  Random random(2);
  const Tensor x = random.tensor({2, 70, 2, 3});
  OpCase test_case = batch_normalization(channels_last(x), 70);
  test_case.domain = "mini_infer";
  test_case.attributes = in_nhwc(test_case.attributes);
  expect_output(test_case, channels_last(normalized(x, 70, 6)));
  expect_same_in_place(test_case);
}

TEST(BatchNormalization, AVectorIsABatchOfOneChannel) {
  expect_output(batch_normalization(ramp({3}), 1), ramp({3}));
}

TEST(BatchNormalization, BeforeOpset9EachElementMayBeAChannel) {
  OpCase test_case = batch_normalization(ramp({2, 2, 2}), 4);
  test_case.opset = 7;
  test_case.attributes["spatial"] = std::int64_t{0};
  for (int slot = 1; slot <= 4; ++slot) {
    test_case.inputs[slot] = test_case.inputs[slot].reshaped({2, 2});
  }
  expect_output(test_case, normalized(ramp({2, 2, 2}), 4, 1));
}

// A channel of {1, 3, 5, 7} and one of {10, 10, 30, 30}.
OpCase batch_normalization_in_training() {
  return {
      .op = "BatchNormalization",
      .opset = 15,
      .attributes = {{"epsilon", 0.0f}, {"momentum", 0.75f}, {"training_mode", std::int64_t{1}}},
      .inputs = {floats({2, 2, 2}, {1, 3, 10, 10, 5, 7, 30, 30}), floats({2}, {1, 2}),
                 floats({2}, {0, 100}), floats({2}, {8, 0}), floats({2}, {1, 200})},
      .outputs = 3};
}

TEST(BatchNormalization, TrainingUsesAndYieldsTheStatisticsOfTheBatch) {
  const float near = 1 / std::sqrt(5.0f);
  const std::vector<Tensor> expected = {
      floats({2, 2, 2}, {-3 * near, -near, 98, 98, near, 3 * near, 102, 102}),
      floats({2}, {0.75f * 8 + 0.25f * 4, 0.25f * 20}),
      floats({2}, {0.75f * 1 + 0.25f * 5, 0.75f * 200 + 0.25f * 100})};
  expect_outputs(batch_normalization_in_training(), expected);
  OpCase nhwc = batch_normalization_in_training();
  nhwc.domain = "mini_infer";
  nhwc.attributes = in_nhwc(nhwc.attributes);
  nhwc.inputs[0] = channels_last(nhwc.inputs[0]);
  expect_outputs(nhwc, {channels_last(expected[0]), expected[1], expected[2]});
}

TEST(BatchNormalization, TrainingMayLeaveOutTheStatistics) {
  OpCase test_case = batch_normalization_in_training();
  test_case.outputs = 1;
  expect_same_in_place(test_case);
}

TEST(BatchNormalization, StatisticsComeOutOfTrainingModeOnly) {
  OpCase before_opset_14 = batch_normalization(ramp({1, 2}), 2);
  before_opset_14.opset = 9;
  before_opset_14.outputs = 5;
  expect_failure(before_opset_14, Status::ERROR_UNSUPPORTED, "statistics without training_mode");
  OpCase too_many = batch_normalization_in_training();
  too_many.outputs = 4;
  expect_failure(too_many, Status::ERROR_INVALID_MODEL, "output 3 does not exist");
}

TEST(BatchNormalization, ZeroExtentsAreLegal) {
  const std::int64_t huge = std::int64_t{1} << 50;
  expect_output(batch_normalization(floats({0, 2, 3}, {}), 2), floats({0, 2, 3}, {}));
  expect_output(batch_normalization(floats({huge, 2, 0}, {}), 2), floats({huge, 2, 0}, {}));
}

TEST(BatchNormalization, BadInputsAreNamed) {
  OpCase test_case = batch_normalization(ramp({1, 2, 3}), 2);
  test_case.inputs[4] = ramp({3});
  expect_failure(test_case, Status::ERROR_INVALID_MODEL,
                 "variance (input 4): expected [2], found [3]");
  test_case.inputs.pop_back();
  expect_failure(test_case, Status::ERROR_INVALID_MODEL, "expected 5 inputs, found 4");
  OpCase of_integers = batch_normalization(int32s({1, 1}, {1}), 1);
  expect_failure(of_integers, Status::ERROR_UNSUPPORTED, "type int32");
}

// --- InstanceNormalization, GroupNormalization ---

TEST(InstanceNormalization, EachChannelOfEachSampleAlone) {
  const OpCase test_case = {.op = "InstanceNormalization",
                            .attributes = {{"epsilon", 0.0f}},
                            .inputs = {floats({2, 2, 2}, {1, 3, 10, 30, 5, 7, -1, 1}),
                                       floats({2}, {1, 2}), floats({2}, {0, 100})}};
  expect_output(test_case, floats({2, 2, 2}, {-1, 1, 98, 102, -1, 1, 98, 102}));
  expect_same_in_place(test_case);
}

TEST(InstanceNormalization, FarFromZeroTheVarianceIsStillRight) {
  expect_output(
      {.op = "InstanceNormalization",
       .attributes = {{"epsilon", 0.0f}},
       .inputs = {floats({1, 1, 4}, {10000, 10001, 10002, 10003}), ramp({1}, 1, 1), ramp({1})}},
      floats({1, 1, 4}, {-1.3416408f, -0.4472136f, 0.4472136f, 1.3416408f}));
}

TEST(InstanceNormalization, ZeroExtentsAreLegal) {
  for (const Shape& shape : {Shape{2, 0, 3}, Shape{2, 3, 0}}) {
    const Tensor parameter = ramp({shape[1]});
    expect_output(
        {.op = "InstanceNormalization", .inputs = {floats(shape, {}), parameter, parameter}},
        floats(shape, {}));
  }
}

OpCase group_normalization(int opset, std::int64_t groups, Tensor scale, Tensor bias) {
  return {.op = "GroupNormalization",
          .opset = opset,
          .attributes = {{"epsilon", 0.0f}, {"num_groups", groups}},
          .inputs = {floats({1, 4, 1}, {1, 3, 10, 30}), std::move(scale), std::move(bias)}};
}

TEST(GroupNormalization, ScalesGroupsBeforeOpset21AndChannelsSince) {
  expect_output(group_normalization(18, 2, floats({2}, {1, 2}), floats({2}, {0, 100})),
                floats({1, 4, 1}, {-1, 1, 98, 102}));
  expect_output(group_normalization(21, 2, floats({4}, {1, 2, 3, 4}), floats({4}, {0, 0, 0, 100})),
                floats({1, 4, 1}, {-1, 2, -3, 104}));
}

TEST(GroupNormalization, ChannelsMayBeLast) {
  Random random(3);
  for (const Shape& shape : {Shape{2, 6, 5}, Shape{3, 6, 2, 3}, Shape{0, 6, 2}, Shape{2, 6, 0}}) {
    for (const std::int64_t groups : {1, 2, 6}) {
      SCOPED_TRACE(shape.to_string());
      const Tensor x = random.tensor(shape);
      OpCase test_case = {.op = "GroupNormalization",
                          .opset = 21,
                          .attributes = {{"epsilon", 0.5f}, {"num_groups", groups}},
                          .inputs = {x, random.tensor({6}), random.tensor({6})}};
      const auto expected = run(test_case);
      ASSERT_TRUE(expected.ok()) << expected.status().to_string();
      test_case.domain = "mini_infer";
      test_case.opset = 1;
      test_case.attributes = in_nhwc(test_case.attributes);
      test_case.inputs[0] = channels_last(x);
      expect_output(test_case, channels_last(expected->at(0)));
      expect_same_in_place(test_case);
    }
  }
}

TEST(GroupNormalization, BadNodesAreNamed) {
  expect_failure(group_normalization(21, 3, ramp({4}), ramp({4})), Status::ERROR_INVALID_MODEL,
                 "num_groups 3 does not divide 4 channels");
  expect_failure(group_normalization(21, 0, ramp({4}), ramp({4})), Status::ERROR_INVALID_MODEL,
                 "num_groups 0 does not divide 4 channels");
  expect_failure(group_normalization(21, 2, ramp({2}), ramp({4})), Status::ERROR_INVALID_MODEL,
                 "scale (input 1): expected [4], found [2]");
}

// --- LRN ---

TEST(Lrn, SumsOverNeighbouringChannels) {
  const Attributes attributes = {
      {"size", std::int64_t{2}}, {"alpha", 2.0f}, {"beta", 1.0f}, {"bias", 0.0f}};
  // An even size reaches further to the higher channels.
  const Tensor x = floats({1, 3, 1}, {1, 2, 3});
  const Tensor expected = floats({1, 3, 1}, {1 / 5.0f, 2 / 13.0f, 3 / 9.0f});
  expect_output({.op = "LRN", .attributes = attributes, .inputs = {x}}, expected);
  expect_output({.op = "LRN",
                 .domain = "mini_infer",
                 .attributes = in_nhwc(attributes),
                 .inputs = {channels_last(x)}},
                channels_last(expected));
}

TEST(Lrn, LayoutsAgree) {
  Random random(4);
  const Tensor x = random.tensor({2, 7, 9, 10});
  const Attributes attributes = {{"size", std::int64_t{5}}, {"alpha", 0.5f}};
  const auto planes = run({.op = "LRN", .attributes = attributes, .inputs = {x}});
  ASSERT_TRUE(planes.ok());
  expect_output({.op = "LRN",
                 .domain = "mini_infer",
                 .attributes = in_nhwc(attributes),
                 .inputs = {channels_last(x)}},
                channels_last(planes.value()[0]));
}

TEST(Lrn, BadNodesAreNamed) {
  expect_failure({.op = "LRN", .inputs = {ramp({1, 2, 3})}}, Status::ERROR_INVALID_MODEL,
                 "size 0 is not positive");
  expect_failure({.op = "LRN", .attributes = {{"size", std::int64_t{1}}}, .inputs = {ramp({1})}},
                 Status::ERROR_INVALID_MODEL, "expected an input of rank 2 or more, found [1]");
}

}  // namespace
}  // namespace mini_infer::test
