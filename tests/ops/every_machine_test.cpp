#include <gtest/gtest.h>

#include <limits>

#include "ops/every_type.h"
#include "ops/shapes.h"
#include "ops/spatial_case.h"

// The vector code of each instruction set, and sharing out among threads: lengths around the widths
// of vectors, and more elements than one thread is given at a time.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;

using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

constexpr std::int64_t kMany = 40003;  // elements of three threads, and a tail

const char* const kUnary[] = {
    "Abs",        "Ceil",      "Celu",           "Elu",     "Erf",  "Exp",  "Floor",    "Gelu",
    "LeakyRelu",  "HardSwish", "HardSigmoid",    "Log",     "Mish", "Neg",  "Relu",     "Selu",
    "Reciprocal", "Round",     "Shrink",         "Sigmoid", "Sign", "Sqrt", "Softplus", "Softsign",
    "Swish",      "Tanh",      "ThresholdedRelu"};

TEST(EveryMachine, FunctionsOfEveryLength) {
  Random random(1);
  for (const char* op : kUnary) {
    for (std::int64_t length : {0, 1, 3, 4, 7, 8, 15, 16, 17, 33}) {
      const Tensor x = random.tensor({length});
      expect_on_every_machine({.op = op, .opset = 24, .inputs = {x}});
    }
  }
}

TEST(EveryMachine, FunctionsOfManyElements) {
  Random random(2);
  const Tensor x = random.tensor({kMany});
  for (const char* op : kUnary) expect_on_every_machine({.op = op, .opset = 24, .inputs = {x}});
  expect_on_every_machine(
      {.op = "Gelu", .opset = 24, .attributes = {{"approximate", "tanh"}}, .inputs = {x}});
  expect_on_every_machine({.op = "Clip", .inputs = {x, floats({}, {-0.5f}), floats({}, {0.25f})}});
  expect_on_every_machine({.op = "Sin", .inputs = {x}});
}

// Same shape; a number; a row; a column; a gate of channels last and of channels first.
TEST(EveryMachine, TwoTensorsOfEveryBroadcast) {
  Random random(3);
  const std::pair<Shape, Shape> kShapes[] = {
      {{kMany}, {kMany}},
      {{kMany}, {}},
      {{}, {kMany}},
      {{301, 133}, {133}},
      {{301, 133}, {301, 1}},
      {{2, 20003}, {2, 1}},
      {{2, 31, 33, 24}, {2, 1, 1, 24}},
      {{2, 24, 31, 33}, {2, 24, 1, 1}},
      {{7, 1, 3}, {1, 5, 1}},
      {{9000, 3}, {3}},
      {{0, 3}, {3}},
  };
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu", "Less", "Equal"}) {
    for (const auto& [left, right] : kShapes) {
      const bool slope = ops::broadcast(left, right).value() == left;
      if (op == std::string("PRelu") && !slope) continue;
      SCOPED_TRACE(left.to_string() + " and " + right.to_string());
      expect_on_every_machine({.op = op, .inputs = {random.tensor(left), random.tensor(right)}});
    }
  }
}

TEST(EveryMachine, SoftmaxAlongEveryAxis) {
  Random random(4);
  for (const Shape& shape :
       {Shape{300, 197}, Shape{5, 16, 1031}, Shape{2, 9, 65}, Shape{4421, 2}, Shape{7, 15}}) {
    const Tensor x = random.tensor(shape);
    for (std::int64_t axis = 0; axis < shape.rank(); ++axis) {
      for (const char* op : {"Softmax", "LogSoftmax"}) {
        expect_on_every_machine({.op = op, .attributes = {{"axis", axis}}, .inputs = {x}});
      }
    }
  }
}

TEST(EveryMachine, Normalisations) {
  Random random(5);
  const Tensor x = random.tensor({3, 96, 67});
  const Tensor row = random.tensor({67});
  const Tensor channel = random.tensor({96});
  const Tensor positive = floats({96}, std::vector<float>(96, 0.5f));
  expect_on_every_machine({.op = "LayerNormalization", .inputs = {x, row, row}, .outputs = 3});
  expect_on_every_machine({.op = "RMSNormalization", .opset = 23, .inputs = {x, row}});
  expect_on_every_machine({.op = "InstanceNormalization", .inputs = {x, channel, channel}});
  expect_on_every_machine(
      {.op = "BatchNormalization", .inputs = {x, channel, channel, channel, positive}});
  expect_on_every_machine(
      {.op = "BatchNormalization",
       .domain = std::string(graph::kInternalDomain),
       .attributes = {{"layout", "NHWC"}},
       .inputs = {random.tensor({3, 5, 67, 96}), channel, channel, channel, positive}});
  expect_on_every_machine({.op = "LRN", .attributes = {{"size", std::int64_t{5}}}, .inputs = {x}});
}

TEST(EveryMachine, AttentionOfOneQueryAndOfMany) {
  Random random(7);
  const Tensor key = random.tensor({1, 2, 130, 21});
  for (const std::int64_t queries : {1, 45}) {
    const Tensor query = random.tensor({1, 2, queries, 21});
    expect_on_every_machine({.op = "Attention", .opset = 23, .inputs = {query, key, key}});
    for (const DataType type : {DataType::kFloat16, DataType::kBFloat16}) {
      const Tensor half = in_16_bits(key, type);
      expect_on_every_machine(
          {.op = "Attention", .opset = 23, .inputs = {in_16_bits(query, type), half, half}});
    }
  }
}

TEST(EveryMachine, Reductions) {
  Random random(6);
  const Tensor x = random.tensor({4, 33, 129, 3});
  for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceSumSquare"}) {
    for (const std::vector<std::int64_t>& axes :
         std::vector<std::vector<std::int64_t>>{{3}, {1, 2}, {2, 3}, {0}, {0, 1, 2, 3}}) {
      expect_on_every_machine(
          {.op = op, .opset = 18, .inputs = {x, int64s({std::ssize(axes)}, axes)}});
    }
  }
}

TEST(EveryMachine, Movements) {
  const Tensor x = ramp({2, 33, 65, 7});
  for (const std::vector<std::int64_t>& perm : std::vector<std::vector<std::int64_t>>{
           {0, 2, 1, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}, {3, 2, 1, 0}, {0, 1, 3, 2}}) {
    expect_on_every_machine({.op = "Transpose", .attributes = {{"perm", perm}}, .inputs = {x}});
  }
}

}  // namespace
}  // namespace mini_infer::test
