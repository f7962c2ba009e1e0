#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;
using Ints = std::vector<std::int64_t>;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"fuse-scale"}}); }

struct Gated {
  Builder b;
  ValueId x = b.input("x", {2, 4, 5, 6});
  ValueId gate = b.input("gate", {2, 4, 1, 1});
  ValueId scaled = b.mul("scaled", x, gate);

  std::string text(ValueId y) {
    b.output(y);
    return nodes_text(run(b));
  }
  std::string ops(ValueId y) {
    b.output(y);
    return op_list(run(b));
  }
};

TEST(FuseScale, AnImageTimesOneGatePerChannel) {
  Gated t;
  EXPECT_EQ(t.text(t.scaled), "%scaled float32[2,4,5,6] = mini_infer.Scale(%x, %gate)\n");
}

TEST(FuseScale, TheGateMayComeFirst) {
  Gated t;
  EXPECT_EQ(t.text(t.b.mul("y", t.gate, t.x)),
            "%y float32[2,4,5,6] = mini_infer.Scale(%x, %gate)\n");
}

TEST(FuseScale, TakesTheActivationBehind) {
  Gated t;
  EXPECT_EQ(t.text(t.b.node("HardSwish", "y", {t.scaled})),
            "%y float32[2,4,5,6] = mini_infer.Scale(%x, %gate) activation=\"HardSwish\" "
            "activation_alpha=0 activation_beta=0\n");
}

TEST(FuseScale, TakesTheResidualAndTheActivation) {
  Gated t;
  auto sum = t.b.add("sum", t.b.input("r", {2, 4, 5, 6}), t.scaled);
  EXPECT_EQ(t.text(t.b.relu("y", sum)),
            "%y float32[2,4,5,6] = mini_infer.Scale(%x, %gate, %r) activation=\"Relu\" "
            "activation_alpha=0 activation_beta=0\n");
}

TEST(FuseScale, TheImageMayBeItsOwnResidual) {
  Gated t;
  EXPECT_EQ(t.text(t.b.add("y", t.x, t.scaled)),
            "%y float32[2,4,5,6] = mini_infer.Scale(%x, %gate, %x)\n");
}

TEST(FuseScale, AProductThatSomebodyElseReadsTakesNothing) {
  Gated t;
  t.b.output(t.scaled);
  EXPECT_EQ(t.ops(t.b.relu("y", t.scaled)), "mini_infer.Scale Relu");
}

TEST(FuseScale, AResidualThatIsBroadcastStaysAnAdd) {
  Gated t;
  EXPECT_EQ(t.ops(t.b.add("y", t.scaled, t.b.input("r", {2, 4, 1, 1}))), "mini_infer.Scale Add");
}

TEST(FuseScale, OtherBroadcastsStayProducts) {
  Builder b;
  auto x = b.input("x", {2, 4, 5, 6});
  b.output(b.mul("shared", x, b.input("g1", {1, 4, 1, 1})));
  b.output(b.mul("positions", x, b.input("g2", {2, 1, 5, 6})));
  b.output(b.mul("lower", x, b.input("g3", {4, 1, 1})));
  b.output(b.mul("same", x, x));
  b.output(b.mul("constant", x, b.weights("g4", {2, 4, 1, 1})));
  EXPECT_EQ(op_list(run(b)), "Mul Mul Mul Mul Mul");
}

TEST(FuseScale, TwoVectorsOfChannelsStayAProduct) {
  Builder b;
  b.output(b.mul("y", b.input("x", {2, 4, 1, 1}), b.input("g", {2, 4, 1, 1})));
  EXPECT_EQ(op_list(run(b)), "Mul");
}

TEST(FuseScale, OtherTypesStayProducts) {
  Builder b;
  auto x = b.input("x", {2, 4, 5, 6}, core::DataType::kInt64);
  b.output(b.mul("y", x, b.input("g", {2, 4, 1, 1}, core::DataType::kInt64)));
  EXPECT_EQ(op_list(run(b)), "Mul");
}

// A block of MobileNetV3: expand, depthwise, squeeze-and-excite, project.
struct Block {
  Builder b;

  ValueId hard_sigmoid(ValueId x) {
    auto shifted = b.add("shifted", x, b.scalar("three", 3));
    auto clip = b.node("Clip", "relu6", {shifted, b.scalar("zero", 0), b.scalar("six", 6)});
    return b.node("Div", "gate", {clip, b.scalar("by_six", 6)});
  }
  ValueId hard_swish(const std::string& name, ValueId x) { return b.node("HardSwish", name, {x}); }
  ValueId block(ValueId (Block::*pool)(ValueId)) {
    auto x = b.input("x", {1, 3, 6, 6});
    auto wide = hard_swish("wide", b.conv("expand", x, {8, 3, 1, 1}));
    auto deep = b.conv("depthwise", wide, {8, 1, 3, 3}, {{"group", std::int64_t{8}}});
    auto image = hard_swish("image", deep);
    auto squeezed =
        b.relu("squeezed", b.conv_with_bias("squeeze", (this->*pool)(image), {2, 8, 1, 1}));
    auto gate = hard_sigmoid(b.conv_with_bias("excite", squeezed, {8, 2, 1, 1}));
    return b.conv("project", b.mul("scaled", image, gate), {4, 8, 1, 1});
  }
  ValueId global_average(ValueId x) { return b.node("GlobalAveragePool", "pooled", {x}); }
  ValueId mean(ValueId x) { return b.node("ReduceMean", "pooled", {x}, {{"axes", Ints{2, 3}}}); }
};

TEST(FuseScale, ABlockOfMobileNetV3IsSevenNodesInOneLayout) {
  Block t;
  t.b.output(t.block(&Block::global_average));
  const graph::Graph graph = optimized(t.b.graph());
  EXPECT_EQ(op_list(graph),
            "mini_infer.Conv mini_infer.Conv mini_infer.GlobalAveragePool mini_infer.Conv "
            "mini_infer.Conv mini_infer.Scale mini_infer.Conv Transpose");
  EXPECT_EQ(transposed_bytes(graph), 4 * 6 * 6 * 4);  // the output
}

TEST(FuseScale, ABlockThatAveragesByReduceMean) {
  Block t;
  t.b.output(t.block(&Block::mean));
  const graph::Graph graph = optimized(t.b.graph());
  EXPECT_EQ(op_list(graph),
            "mini_infer.Conv mini_infer.Conv ReduceMean mini_infer.Conv mini_infer.Conv "
            "mini_infer.Scale mini_infer.Conv Transpose");
  EXPECT_EQ(transposed_bytes(graph), 4 * 6 * 6 * 4);
}

TEST(FuseScale, IsSwitchedOff) {
  Gated t;
  t.b.output(t.scaled);
  EXPECT_EQ(op_list(optimized(t.b.graph(), {{"fuse-epilogue"}})), "Mul");
}

}  // namespace
}  // namespace mini_infer::test
