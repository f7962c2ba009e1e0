#include <gtest/gtest.h>

#include "ops/cuda_case.h"
#include "ops/spatial_case.h"

// Rows and columns as long as each kind of team (cuda/team.h) is made for, at widths that packs
// divide and that they do not.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Tensor;

constexpr std::int64_t kExtents[] = {3, 16, 17, 24, 513, 600, 1000, 4100, 17000};

void expect_as_on_cpu(const OpCase& test_case) {
  SCOPED_TRACE(test_case.inputs[0].shape().to_string());
  const auto expected = run(test_case);
  ASSERT_TRUE(expected.ok()) << expected.status().to_string();
  ASSERT_TRUE(run_on_cuda(test_case).has_value());
  if (test_case.outputs == 1) {
    expect_output(test_case, expected.value()[0]);
  } else {
    expect_outputs(test_case, expected.value());
  }
}

// The axis is in the middle: neighbours are in one row where nothing is behind it.
void expect_along_axis(const char* op, int opset) {
  Random random(1);
  for (const std::int64_t extent : kExtents) {
    for (const std::int64_t inner : {1, 3, 40}) {
      if (extent * inner > 100000) continue;
      expect_as_on_cpu({.op = op,
                        .opset = opset,
                        .attributes = {{"axis", std::int64_t{1}}},
                        .inputs = {random.fractions({3, extent, inner})}});
    }
  }
}

TEST(CudaTeams, Softmax) {
  expect_along_axis("Softmax", 13);
  expect_along_axis("LogSoftmax", 13);
}

TEST(CudaTeams, ArgMax) {
  Random random(2);
  for (const std::int64_t extent : kExtents) {
    for (const std::int64_t last : {0, 1}) {
      expect_as_on_cpu({.op = "ArgMax",  // of numbers that repeat
                        .attributes = {{"axis", std::int64_t{1}}, {"select_last_index", last}},
                        .inputs = {random.tensor({2, extent, 2})}});
      expect_as_on_cpu({.op = "ArgMin",
                        .attributes = {{"axis", std::int64_t{1}}, {"select_last_index", last}},
                        .inputs = {random.tensor({2, extent})}});
    }
  }
}

TEST(CudaTeams, Reductions) {
  Random random(3);
  for (const char* op : {"ReduceMean", "ReduceMax", "ReduceLogSumExp"}) {
    for (const std::int64_t extent : kExtents) {
      for (const Shape& shape : {Shape{2, 3, extent}, Shape{2, extent, 3}, Shape{extent, 2, 3}}) {
        for (const std::vector<std::int64_t>& axes : {Extents{0, 2}, Extents{1}, Extents{0}}) {
          expect_as_on_cpu(
              {.op = op, .attributes = {{"axes", axes}}, .inputs = {random.fractions(shape)}});
        }
      }
    }
  }
}

TEST(CudaTeams, Normalizations) {
  Random random(4);
  for (const std::int64_t extent : kExtents) {
    const Tensor x = random.fractions({3, extent});
    const Tensor scale = random.fractions({extent});
    expect_as_on_cpu({.op = "LayerNormalization",
                      .inputs = {x, scale, random.fractions({extent})},
                      .outputs = 3});
    for (const int outputs : {1, 2}) {
      for (const std::int64_t rows : {1, 3}) {
        expect_as_on_cpu({.op = "RMSNormalization",
                          .domain = "mini_infer",
                          .inputs = {x, scale, Tensor(), random.fractions({rows, extent})},
                          .outputs = outputs});
      }
    }
  }
}

TEST(CudaTeams, Groups) {
  Random random(5);
  for (const std::int64_t positions : {1, 3, 16, 300, 8500}) {
    OpCase test_case{
        .op = "GroupNormalization",
        .opset = 21,
        .attributes = {{"num_groups", std::int64_t{2}}},
        .inputs = {random.fractions({2, 4, positions}), random.fractions({4}), ramp({4}, 1, 3)}};
    expect_as_on_cpu(test_case);
    test_case.domain = "mini_infer";
    test_case.attributes["layout"] = std::string("NHWC");
    test_case.inputs[0] = channels_last(test_case.inputs[0]);
    expect_as_on_cpu(test_case);
  }
}

TEST(CudaTeams, GlobalPools) {
  Random random(6);
  for (const char* op : {"GlobalAveragePool", "GlobalMaxPool"}) {
    for (const std::int64_t extent : kExtents) {
      OpCase test_case{.op = op, .inputs = {random.fractions({1, 3, extent})}};
      expect_as_on_cpu(test_case);
      test_case.domain = "mini_infer";
      test_case.attributes["layout"] = std::string("NHWC");
      test_case.inputs[0] = channels_last(test_case.inputs[0]);
      expect_as_on_cpu(test_case);
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
