#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::Graph;
using graph::ValueId;
using Ints = std::vector<std::int64_t>;

Graph run(Builder& b) { return optimized(b.graph(), {{"layout"}}); }

int count(const Graph& graph, const std::string& op) {
  int found = 0;
  for (const graph::Node& node : graph.nodes()) found += node.op == op;
  return found;
}

// x -> convolution -> what is tested -> convolution -> y: nothing may be moved in between, so that
// the only Transpose is the one before the graph output.
struct BetweenConvs {
  Builder b;
  ValueId in = b.conv("in", b.input("x", {2, 3, 6, 8}), {4, 3, 3, 3});

  Graph close(ValueId value, std::int64_t channels) {
    b.output(b.conv("y", value, {2, channels, 1, 1}));
    return run(b);
  }

  void expect_nothing_moved(ValueId value, std::int64_t channels = 4) {
    const Graph graph = close(value, channels);
    EXPECT_EQ(count(graph, "Transpose"), 1) << graph.to_text();
    EXPECT_TRUE(graph.nodes().back().is("Transpose")) << graph.to_text();
  }
};

TEST(Layout, AConvolutionReadsTheGraphInputAsItIs) {
  Builder b;
  b.output(b.conv_with_bias("y", b.input("x", {1, 3, 8, 8}), {4, 3, 3, 3}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y_nhwc float32[1,8,8,4] = mini_infer.Conv(%x, %y_w, %y_b) layout=\"NHWC\" "
            "pads=[1,1,1,1] x_layout=\"NCHW\"\n"
            "%y float32[1,4,8,8] = Transpose(%y_nhwc) perm=[0,3,1,2]\n");
}

TEST(Layout, WeightsStayAsTheyAre) {
  Builder b;
  b.output(b.conv("y", b.input("x", {1, 3, 8, 8}), {4, 3, 1, 2}, {{"pads", Ints{0, 0, 0, 0}}}));
  const Graph graph = run(b);
  const graph::Value& weights = graph.value(graph.node(0).inputs[1]);
  EXPECT_EQ(*weights.shape, (core::Shape{4, 3, 1, 2}));
}

TEST(Layout, AResidualBlockIsTwoNodesAndTheEnds) {
  Builder b;
  auto x = b.input("x", {1, 4, 6, 6});
  auto first = b.relu("r1", b.batch_norm("n1", b.conv("c1", x, {4, 4, 3, 3}), 4));
  auto second = b.batch_norm("n2", b.conv("c2", first, {4, 4, 3, 3}), 4);
  b.output(b.relu("y", b.add("sum", second, x)));
  EXPECT_EQ(nodes_text(optimized(b.graph())),
            "%x_nhwc float32[1,6,6,4] = Transpose(%x) perm=[0,2,3,1]\n"
            "%r1_nhwc float32[1,6,6,4] = mini_infer.Conv(%x_nhwc, %c1_w_scaled, %c1_bias) "
            "activation=\"Relu\" activation_alpha=0 activation_beta=0 layout=\"NHWC\" "
            "pads=[1,1,1,1]\n"
            "%y_nhwc float32[1,6,6,4] = mini_infer.Conv(%r1_nhwc, %c2_w_scaled, %c2_bias, "
            "%x_nhwc) activation=\"Relu\" activation_alpha=0 activation_beta=0 layout=\"NHWC\" "
            "pads=[1,1,1,1]\n"
            "%y float32[1,4,6,6] = Transpose(%y_nhwc) perm=[0,3,1,2]\n");
}

TEST(Layout, OneAndThreeSpatialAxes) {
  Builder b;
  b.output(b.conv("y", b.conv("c", b.input("x", {2, 3, 7}), {4, 3, 3}), {5, 4, 3}));
  b.output(
      b.conv("z", b.conv("d", b.input("v", {1, 2, 3, 4, 5}), {3, 2, 3, 1, 3}), {2, 3, 1, 1, 1}));
  EXPECT_EQ(count(run(b), "Transpose"), 2);
}

TEST(Layout, GroupsAndDepthwise) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 4, 5, 5}), {8, 2, 3, 3}, {{"group", std::int64_t{2}}});
  b.output(b.conv("y", c, {8, 1, 3, 3}, {{"group", std::int64_t{8}}}));
  EXPECT_EQ(op_list(run(b)), "mini_infer.Conv mini_infer.Conv Transpose");
}

TEST(Layout, WeightsThatAreNotConstantKeepChannelsFirst) {
  Builder b;
  b.output(b.node("Conv", "y", {b.input("x", {1, 3, 8, 8}), b.input("w", {4, 3, 1, 1})}));
  EXPECT_EQ(op_list(run(b)), "Conv");
}

TEST(Layout, PoolingsAndNormalisationsFollowConvolutions) {
  const Builder::Attributes window = {{"kernel_shape", Ints{2, 3}}, {"strides", Ints{2, 1}}};
  BetweenConvs t;
  auto max = t.b.node("MaxPool", "max", {t.in}, window);
  auto average = t.b.node("AveragePool", "average", {t.in}, window);
  auto sum = t.b.add("sum", max, average);
  auto normal = t.b.batch_norm("normal", sum, 4);
  auto lrn = t.b.node("LRN", "lrn", {normal}, {{"size", std::int64_t{3}}});
  auto global = t.b.node("GlobalAveragePool", "global", {lrn});
  auto largest = t.b.node("GlobalMaxPool", "largest", {lrn});
  t.expect_nothing_moved(t.b.mul("scaled", lrn, t.b.add("gate", global, largest)));
}

TEST(Layout, APoolingAloneKeepsChannelsFirst) {
  Builder b;
  b.output(b.node("MaxPool", "y", {b.input("x", {1, 3, 8, 8})}, {{"kernel_shape", Ints{2, 2}}}));
  EXPECT_EQ(op_list(run(b)), "MaxPool");
}

TEST(Layout, APoolingWithIndicesKeepsChannelsFirst) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 8, 8}), {4, 3, 3, 3});
  auto pooled = b.node_of_many("MaxPool", "y", {c}, 2, {{"kernel_shape", Ints{2, 2}}});
  b.output(pooled[0]);
  b.output(pooled[1]);
  EXPECT_EQ(op_list(run(b)), "mini_infer.Conv Transpose MaxPool");
}

TEST(Layout, ElementwiseOperatorsWorkInAnyLayout) {
  BetweenConvs t;
  Builder& b = t.b;
  auto x = b.node("Elu", "elu", {t.in});
  x = b.add("channel", x, b.weights("bias", {4, 1, 1}));
  x = b.mul("column", b.weights("columns", {8}), x);
  x = b.add("whole", x, b.weights("image", {1, 4, 6, 8}));
  x = b.mul("scalar", x, b.scalar("half", 0.5f));
  x = b.node("PRelu", "prelu", {x, b.weights("slope", {4, 1, 1})});
  x = b.node("Clip", "clip", {x, b.scalar("low", -1), b.scalar("high", 1)});
  auto positive = b.node("Greater", "positive", {x, b.scalar("zero", 0)});
  x = b.node("Where", "where", {positive, x, b.weights("other", {2, 1, 6, 1})});
  t.expect_nothing_moved(b.node("Max", "max", {x, t.in, b.weights("third", {4, 6, 8})}));
}

TEST(Layout, AConstantSharedByTwoNodesIsMovedOnce) {
  Builder b;
  auto w = b.weights("w", {4, 4, 3, 3});
  const Builder::Attributes pads = {{"pads", Ints{1, 1, 1, 1}}};
  auto c = b.node("Conv", "c", {b.input("x", {1, 4, 5, 5}), w}, pads);
  b.output(b.node("Conv", "y", {c, w}, pads));
  const Graph graph = run(b);
  EXPECT_EQ(graph.node(0).inputs[1], graph.node(1).inputs[1]);
}

TEST(Layout, ADynamicOperandOfLowerRankKeepsChannelsFirst) {
  BetweenConvs t;
  const Graph graph = t.close(t.b.add("sum", t.in, t.b.input("columns", {8})), 4);
  EXPECT_EQ(op_list(graph), "mini_infer.Conv Transpose Add Transpose mini_infer.Conv Transpose");
}

TEST(Layout, AxesAreNamedAnew) {
  for (const std::int64_t axis : {0, 1, 2, 3, -1, -3}) {
    SCOPED_TRACE(axis);
    const Builder::Attributes along = {{"axis", axis}};
    {
      BetweenConvs t;
      auto joined = t.b.node("Concat", "joined", {t.in, t.b.relu("r", t.in)}, along);
      t.expect_nothing_moved(joined, axis == 1 || axis == -3 ? 8 : 4);
    }
    {
      BetweenConvs t;
      auto halves = t.b.node_of_many("Split", "halves", {t.in}, 2, along, 11);
      t.expect_nothing_moved(t.b.add("sum", halves[0], halves[1]), axis == 1 || axis == -3 ? 2 : 4);
    }
    {
      BetweenConvs t;
      t.expect_nothing_moved(t.b.node("Softmax", "soft", {t.in}, along));
    }
    BetweenConvs t;
    auto best = t.b.node("ArgMax", "best", {t.in}, along);
    auto floating = t.b.node("Cast", "floating", {best}, {{"to", std::int64_t{1}}});
    t.expect_nothing_moved(t.b.add("sum", t.in, floating));
  }
}

TEST(Layout, ConcatWithAConstant) {
  BetweenConvs t;
  auto joined = t.b.node("Concat", "joined", {t.in, t.b.weights("more", {2, 2, 6, 8})},
                         {{"axis", std::int64_t{1}}});
  t.expect_nothing_moved(joined, 6);
}

TEST(Layout, ASoftmaxThatFlattensKeepsChannelsFirst) {
  BetweenConvs t;
  const Graph graph = t.close(t.b.node("Softmax", "soft", {t.in}, {}, 11), 4);
  EXPECT_EQ(count(graph, "Transpose"), 3);
}

TEST(Layout, SliceNamesItsAxesAnew) {
  {
    BetweenConvs t;
    Builder& b = t.b;
    auto part =
        b.node("Slice", "part",
               {t.in, b.constant("starts", int64s({1, -1})), b.constant("ends", int64s({3, -100})),
                b.constant("axes", int64s({1, -2})), b.constant("steps", int64s({1, -1}))});
    t.expect_nothing_moved(part, 2);
  }
  {
    BetweenConvs t;  // without axes: the leading ones
    auto part = t.b.node(
        "Slice", "part",
        {t.in, t.b.constant("starts", int64s({1, 1, 0})), t.b.constant("ends", int64s({2, 4, 3}))});
    t.expect_nothing_moved(part, 3);
  }
  {
    BetweenConvs t;  // as attributes
    auto part =
        t.b.node("Slice", "part", {t.in}, {{"starts", Ints{0, 1}}, {"ends", Ints{9, 3}}}, 9);
    t.expect_nothing_moved(part, 2);
  }
}

TEST(Layout, PadsMoveWithTheirAxes) {
  {
    BetweenConvs t;
    auto pads = t.b.constant("pads", int64s({0, 1, 2, 3, 0, 0, 1, 0}));
    t.expect_nothing_moved(t.b.node("Pad", "pad", {t.in, pads}, {{"mode", std::string("edge")}}),
                           5);
  }
  {
    BetweenConvs t;
    auto pad = t.b.node("Pad", "pad", {t.in}, {{"pads", Ints{0, 1, 0, 0, 0, 0, 1, 0}}}, 10);
    t.expect_nothing_moved(pad, 5);
  }
  BetweenConvs t;
  Builder& b = t.b;
  auto pad = b.node("Pad", "pad",
                    {t.in, b.constant("pads", int64s({1, 0, 0, 2})), graph::kNoValue,
                     b.constant("axes", int64s({-3, 2}))},
                    {}, 18);
  t.expect_nothing_moved(pad, 5);
}

TEST(Layout, ReductionsThatKeepTheirAxes) {
  for (const Ints& axes : {Ints{2, 3}, Ints{1}, Ints{0, -1}}) {
    BetweenConvs t;
    auto mean = t.b.node("ReduceMean", "mean", {t.in}, {{"axes", axes}}, 13);
    auto sum = t.b.node("ReduceSum", "sum", {t.in, t.b.constant("axes", int64s(axes))});
    auto all = t.b.node("ReduceMax", "all", {t.in});
    t.expect_nothing_moved(t.b.node("Sum", "total", {t.in, mean, sum, all}));
  }
}

TEST(Layout, AReductionOfNoAxisKeepsChannelsFirst) {
  BetweenConvs t;
  auto same = t.b.node("ReduceSum", "same", {t.in},
                       {{"noop_with_empty_axes", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
  EXPECT_EQ(count(t.close(same, 4), "Transpose"), 3);
}

TEST(Layout, ReductionsThatDropTheirAxes) {
  for (const Ints& axes : {Ints{2, 3}, Ints{1}, Ints{0, 1}, Ints{1, 3}}) {
    Builder b;
    auto c = b.conv("c", b.input("x", {2, 3, 6, 8}), {4, 3, 3, 3});
    b.output(b.node("ReduceMean", "y", {c}, {{"axes", axes}, {"keepdims", std::int64_t{0}}}, 13));
    EXPECT_EQ(op_list(run(b)), "mini_infer.Conv ReduceMean");
  }
  Builder b;  // leaves [N, C, W], in another order when channels are last
  auto c = b.conv("c", b.input("x", {2, 3, 6, 8}), {4, 3, 3, 3});
  b.output(b.node("ReduceMean", "y", {c}, {{"axes", Ints{2}}, {"keepdims", std::int64_t{0}}}, 13));
  EXPECT_EQ(op_list(run(b)), "mini_infer.Conv Transpose ReduceMean");
}

TEST(Layout, TransposesOfTheModelVanishIntoTheLayout) {
  {
    Builder b;  // a model that keeps channels last
    auto x = b.transpose("first", b.input("x", {1, 6, 8, 3}), {0, 3, 1, 2});
    b.output(b.transpose("y", b.conv("c", x, {4, 3, 3, 3}), {0, 2, 3, 1}));
    EXPECT_EQ(nodes_text(run(b)),
              "%y float32[1,6,8,4] = mini_infer.Conv(%x, %c_w) layout=\"NHWC\" "
              "pads=[1,1,1,1]\n");
  }
  {
    Builder b;  // the same along one axis, where both permutations are equal
    auto x = b.transpose("first", b.input("x", {1, 6, 3}), {0, 2, 1});
    b.output(b.transpose("y", b.conv("c", x, {4, 3, 3}), {0, 2, 1}));
    EXPECT_EQ(op_list(run(b)), "mini_infer.Conv");
  }
  Builder b;  // a detection head: channels last, then one row per anchor
  auto c = b.conv("c", b.input("x", {1, 3, 6, 8}), {4, 3, 3, 3});
  b.output(b.reshape("y", b.transpose("t", c, {0, 2, 3, 1}), {1, -1, 2}));
  EXPECT_EQ(op_list(run(b)), "mini_infer.Conv Reshape");
}

TEST(Layout, ATransposeIntoAnotherOrderReadsChannelsLast) {
  Builder b;
  auto c = b.conv("c", b.input("x", {2, 3, 6, 8}), {4, 3, 3, 3});
  b.output(b.transpose("y", c, {3, 0, 1, 2}));
  EXPECT_EQ(nodes_text(run(b)),
            "%c_nhwc float32[2,6,8,4] = mini_infer.Conv(%x, %c_w) layout=\"NHWC\" "
            "pads=[1,1,1,1] x_layout=\"NCHW\"\n"
            "%y float32[8,2,4,6] = Transpose(%c_nhwc) perm=[2,0,3,1]\n");
}

TEST(Layout, ASequenceOfColumnsNeedsNoTranspose) {
  Builder b;  // as text recognition reads an image of height 1
  auto c = b.conv("c", b.input("x", {2, 3, 1, 8}), {4, 3, 1, 3});
  auto squeezed = b.node("Squeeze", "squeezed", {c, b.constant("axes", int64s({2}))});
  b.output(b.transpose("y", squeezed, {0, 2, 1}));
  EXPECT_EQ(op_list(run(b)), "mini_infer.Conv Reshape");
}

TEST(Layout, PatchesOfAVisionTransformerNeedNoTranspose) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 8, 8}), {6, 3, 4, 4},
                  {{"strides", Ints{4, 4}}, {"pads", Ints{0, 0, 0, 0}}});
  b.output(b.transpose("y", b.reshape("r", c, {1, 6, 4}), {0, 2, 1}));
  EXPECT_EQ(op_list(run(b)), "mini_infer.Conv Reshape");
}

TEST(Layout, AChannelShuffleSwapsTheLastTwoAxes) {
  Builder b;
  auto c = b.conv("c", b.input("x", {2, 3, 4, 5}), {6, 3, 3, 3});
  auto swapped = b.transpose("t", b.reshape("s", c, {2, 2, 3, 4, 5}), {0, 2, 1, 3, 4});
  b.output(b.conv("y", b.reshape("j", swapped, {2, 6, 4, 5}), {4, 6, 1, 1}));
  EXPECT_EQ(nodes_text(run(b)),
            "%c_nhwc float32[2,4,5,6] = mini_infer.Conv(%x, %c_w) layout=\"NHWC\" "
            "pads=[1,1,1,1] x_layout=\"NCHW\"\n"
            "%s float32[2,4,5,2,3] = Reshape(%c_nhwc, %s_shape)\n"
            "%t float32[2,4,5,3,2] = Transpose(%s) perm=[0,1,2,4,3]\n"
            "%j_nhwc float32[2,4,5,6] = Reshape(%t, %j_shape)\n"
            "%y_nhwc float32[2,4,5,4] = mini_infer.Conv(%j_nhwc, %y_w) layout=\"NHWC\" "
            "pads=[0,0,0,0]\n"
            "%y float32[2,4,4,5] = Transpose(%y_nhwc) perm=[0,3,1,2]\n");
}

TEST(Layout, AChannelShuffleThatOthersLookIntoIsNone) {
  Builder b;
  auto c = b.conv("c", b.input("x", {2, 3, 4, 5}), {6, 3, 3, 3});
  auto swapped = b.transpose("t", b.reshape("s", c, {2, 2, 3, 4, 5}), {0, 2, 1, 3, 4});
  b.output(swapped);
  b.output(b.conv("y", b.reshape("j", swapped, {2, 6, 4, 5}), {4, 6, 1, 1}));
  EXPECT_EQ(count(run(b), "Transpose"), 4);
}

TEST(Layout, GlobalPoolingAndFlattenMoveNothing) {
  Builder b;
  auto c = b.conv("c", b.input("x", {2, 3, 6, 8}), {4, 3, 3, 3});
  b.output(b.node("Flatten", "y", {b.node("GlobalAveragePool", "g", {c})}));
  EXPECT_EQ(nodes_text(run(b)),
            "%c_nhwc float32[2,6,8,4] = mini_infer.Conv(%x, %c_w) layout=\"NHWC\" "
            "pads=[1,1,1,1] x_layout=\"NCHW\"\n"
            "%g_nhwc float32[2,1,1,4] = mini_infer.GlobalAveragePool(%c_nhwc) layout=\"NHWC\"\n"
            "%y float32[2,4] = Reshape(%g_nhwc, %y_shape)\n");
}

struct FlattenedConv {
  Builder b;
  ValueId rows = b.node("Flatten", "rows", {b.conv("c", b.input("x", {2, 3, 2, 3}), {4, 3, 3, 3})});
};

TEST(Layout, TheWeightsOfAGemmArePermutedInPlaceOfTheImage) {
  for (const bool transposed : {false, true}) {
    FlattenedConv t;
    auto w = transposed ? t.b.weights("w", {5, 24}) : t.b.weights("w", {24, 5});
    t.b.output(t.b.node("Gemm", "y", {t.rows, w, t.b.weights("bias", {5})},
                        {{"transB", std::int64_t{transposed}}}));
    EXPECT_EQ(op_list(run(t.b)), "mini_infer.Conv Reshape Gemm");
  }
}

TEST(Layout, TheWeightsOfAMatMulArePermutedInPlaceOfTheImage) {
  FlattenedConv t;
  Builder& b = t.b;
  auto product = b.node("MatMul", "m", {t.rows, b.weights("w", {24, 5})});
  b.output(b.relu("y", b.add("sum", product, b.weights("bias", {5}))));
  EXPECT_EQ(op_list(optimized(b.graph())), "mini_infer.Conv Reshape mini_infer.MatMul");
}

TEST(Layout, SharedWeightsArePermutedInACopy) {
  FlattenedConv t;
  Builder& b = t.b;
  auto w = b.weights("w", {24, 5});
  b.output(b.node("MatMul", "y", {t.rows, w}));
  b.output(b.node("MatMul", "z", {b.input("other", {2, 24}), w}));
  EXPECT_EQ(count(run(b), "Transpose"), 0);
}

TEST(Layout, AFlattenedImageThatOthersReadIsMoved) {
  {
    FlattenedConv t;
    t.b.output(t.b.node("MatMul", "y", {t.rows, t.b.weights("w", {24, 5})}));
    t.b.output(t.b.relu("z", t.rows));
    EXPECT_EQ(count(run(t.b), "Transpose"), 1);
  }
  {
    FlattenedConv t;
    t.b.output(t.rows);
    t.b.output(t.b.node("MatMul", "y", {t.rows, t.b.weights("w", {24, 5})}));
    EXPECT_EQ(count(run(t.b), "Transpose"), 1);
  }
  FlattenedConv t;  // weights that are not constant
  t.b.output(t.b.node("MatMul", "y", {t.rows, t.b.input("w", {24, 5})}));
  EXPECT_EQ(count(run(t.b), "Transpose"), 1);
}

TEST(Layout, AValueThatBothKindsReadIsMovedOnce) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 4, 4}), {4, 3, 3, 3});
  auto first = b.constant("first", int64s({0}));
  b.output(b.node("Gather", "a", {c, first}, {{"axis", std::int64_t{1}}}));
  b.output(c);
  b.output(b.conv("y", c, {2, 4, 1, 1}));
  EXPECT_EQ(count(run(b), "Transpose"), 2);
}

TEST(Layout, AGraphInputThatOthersReadChannelsLastIsMovedOnceForAll) {
  Builder b;
  auto x = b.input("x", {1, 4, 6, 6});
  auto c = b.conv("c", x, {4, 4, 3, 3});
  b.output(b.conv("y", b.add("sum", c, x), {4, 4, 1, 1}));
  const Graph graph = run(b);
  EXPECT_EQ(count(graph, "Transpose"), 2);
  EXPECT_EQ(graph.node(1).find<std::string>("x_layout"), nullptr);
}

TEST(Layout, OtherTypesKeepChannelsFirst) {
  Builder b;
  auto x = b.input("x", {1, 3, 4, 4}, core::DataType::kInt64);
  b.output(b.node("Mul", "y", {x, x}));
  EXPECT_EQ(op_list(run(b)), "Mul");
}

TEST(Layout, IsSwitchedOff) {
  Builder b;
  b.output(b.conv("y", b.input("x", {1, 3, 8, 8}), {4, 3, 3, 3}));
  EXPECT_EQ(op_list(optimized(b.graph(), {{"fuse-epilogue"}})), "Conv");
}

}  // namespace
}  // namespace mini_infer::test
