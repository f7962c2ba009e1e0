#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "optimizer/attention/fuse_attention_case.h"
#include "optimizer/optimizer.h"

// Masks hide scores by numbers that 16 bits cannot hold: -3.4e38, or a sum that is below -65504.
// Rows that they hide completely must give the same mean in 16 bits as in 32.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Precision;
using core::Tensor;
using graph::Graph;
using graph::ValueId;

constexpr Precision kPrecisions[] = {Precision::kFloat16, Precision::kBFloat16};

Graph stored(const Graph& graph, Precision precision, std::vector<std::string> passes) {
  Graph result = graph;
  const auto reports = optimizer::optimize(
      result, {.passes = std::move(passes), .precision = precision, .after_pass = {}},
      cpu::evaluate);
  EXPECT_TRUE(reports.ok()) << reports.status().to_string();
  return result;
}

Tensor computed(Graph graph, const std::map<std::string, Tensor>& inputs) {
  for (const ValueId input : graph.inputs) {
    graph.value(input).constant = inputs.at(graph.value(input).name);
  }
  const core::Status status = ops::infer(graph, cpu::evaluate);
  EXPECT_TRUE(status.ok()) << status.message();
  return graph.value(graph.outputs[0]).constant.value();
}

void expect_near(const Tensor& found, const Tensor& expected) {
  for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
    ASSERT_NEAR(found.as<float>()[i], expected.as<float>()[i], 0.06f) << "element " << i;
  }
}

// All of the second query's keys are hidden, and one of the others'.
const Tensor kHides = floats({1, 1, 3, 3}, {0, 0, 1, 1, 1, 1, 1, 0, 0});

// How the model makes a mask of 1 where a key is hidden, and adds it to scores.
using Masking = std::function<ValueId(Builder&, ValueId hides, ValueId scores)>;

void expect_same_means(const Masking& masking) {
  for (const bool fused : {true, false}) {
    Bert b;
    b.finish(masking(b, b.input("hides", {1, 1, 3, 3}), b.divided("scaled", b.product, 0.5f)));
    std::map<std::string, Tensor> inputs = {{"x", noise({2, 3, 8}, 1)}, {"hides", kHides}};
    const Tensor expected = computed(b.graph(), inputs);
    std::vector<std::string> passes = {"remove-identity"};
    if (fused) passes.push_back("fuse-attention");
    for (const Precision precision : kPrecisions) {
      SCOPED_TRACE(std::string(core::precision_name(precision)) + (fused ? ", fused" : ""));
      const Graph graph = stored(b.graph(), precision, passes);
      EXPECT_EQ(op_list(graph).find(kFused) != std::string::npos, fused);
      ASSERT_NO_FATAL_FAILURE(expect_near(computed(graph, inputs), expected));
    }
  }
}

TEST(MasksIn16Bits, ProductsWithTheLowestNumber) {
  expect_same_means([](Builder& b, ValueId hides, ValueId scores) {
    return b.add("masked", scores, b.mul("mask", hides, b.scalar("lowest", kLowest)));
  });
}

TEST(MasksIn16Bits, AMinimumPlusMore) {
  expect_same_means([](Builder& b, ValueId hides, ValueId scores) {
    auto low = b.mul("low", hides, b.scalar("minimum", kLowest));
    auto more = b.mul("more", hides, b.scalar("minus", -1e4f));
    return b.add("masked", scores, b.add("mask", low, more));
  });
}

TEST(MasksIn16Bits, OneAfterTheOther) {
  expect_same_means([](Builder& b, ValueId hides, ValueId scores) {
    auto first = b.add("first", scores, b.mul("more", hides, b.scalar("minus", -6e4f)));
    return b.add("masked", first, b.mul("low", hides, b.scalar("minimum", -6e4f)));
  });
}

TEST(MasksIn16Bits, BoolsThatPutTheLowestNumber) {
  expect_same_means([](Builder& b, ValueId hides, ValueId scores) {
    auto hidden = b.node("Cast", "hidden", {hides}, {{"to", std::int64_t{9}}});
    return b.node("Where", "masked", {hidden, b.scalar("lowest", kLowest), scores});
  });
}

TEST(MasksIn16Bits, TheMaskOfAnAttentionIsNotCast) {
  Bert b;
  b.finish(b.add("masked", b.product, b.input("mask", {1, 1, 3, 3})));
  const Graph graph = stored(b.graph(), Precision::kFloat16, {"remove-identity", "fuse-attention"});
  for (const graph::Node& node : graph.nodes()) {
    if (node.domain.empty() && node.op == "Cast") {
      EXPECT_NE(graph.value(node.inputs[0]).name, "mask");
    }
    if (node.op == "Attention") {
      EXPECT_EQ(graph.value(node.inputs[3]).name, "mask");
    }
  }
}

TEST(MasksIn16Bits, ASoftmaxWithoutAMaskIsStoredInThem) {
  Bert b;
  b.finish(b.product);
  const Graph graph = stored(b.graph(), Precision::kFloat16, {"remove-identity"});
  for (const graph::Node& node : graph.nodes()) {
    if (node.op == "Softmax") {
      EXPECT_EQ(graph.value(node.inputs[0]).type, DataType::kFloat16);
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
