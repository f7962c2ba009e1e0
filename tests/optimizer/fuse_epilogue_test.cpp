#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::kNoValue;
using graph::ValueId;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"fuse-epilogue"}}); }

constexpr const char* kConv = "mini_infer.Conv";

struct ConvCase {
  Builder b;
  ValueId x = b.input("x", {1, 3, 6, 6});
  ValueId c = b.conv("c", x, {4, 3, 3, 3});

  std::string ops() { return op_list(run(b)); }
};

TEST(FuseEpilogue, ConvTakesBiasResidualAndActivation) {
  ConvCase t;
  Builder& b = t.b;
  auto biased = b.add("biased", t.c, b.weights("bias", {1, 4, 1, 1}));
  auto sum = b.add("sum", b.input("r", {1, 4, 6, 6}), biased);
  b.output(b.relu("y", sum));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[1,4,6,6] = mini_infer.Conv(%x, %c_w, %c_bias, %r) activation=\"Relu\" "
            "activation_alpha=0 activation_beta=0 pads=[1,1,1,1]\n");
}

TEST(FuseEpilogue, GemmTakesResidualAndActivationBesideItsOwnBias) {
  Builder b;
  auto g = b.node("Gemm", "g", {b.input("x", {2, 6}), b.weights("w", {5, 6}), b.weights("c", {5})},
                  {{"transB", std::int64_t{1}}, {"alpha", 0.5f}, {"beta", 2.0f}});
  b.output(b.node("Sigmoid", "y", {b.add("sum", g, b.input("r", {2, 5}))}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[2,5] = mini_infer.Gemm(%x, %w, %c, %r) activation=\"Sigmoid\" "
            "activation_alpha=0 activation_beta=0 alpha=0.5 beta=2 transB=1\n");
}

TEST(FuseEpilogue, TheBetaOfAGemmWithoutBiasDoesNotScaleTheOneItTakes) {
  Builder b;
  auto g = b.node("Gemm", "g", {b.input("x", {2, 6}), b.weights("w", {6, 5})}, {{"beta", 2.0f}});
  b.output(b.add("y", g, b.weights("bias", {5})));
  EXPECT_EQ(nodes_text(run(b)), "%y float32[2,5] = mini_infer.Gemm(%x, %w, %bias)\n");
}

TEST(FuseEpilogue, MatMulTakesBiasResidualAndActivation) {
  Builder b;
  auto m = b.node("MatMul", "m", {b.input("x", {2, 3, 6}), b.weights("w", {6, 5})});
  auto biased = b.add("biased", b.weights("bias", {5}), m);
  b.output(b.node("Tanh", "y", {b.add("sum", biased, b.input("r", {2, 3, 5}))}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[2,3,5] = mini_infer.MatMul(%x, %w, %bias, %r) activation=\"Tanh\" "
            "activation_alpha=0 activation_beta=0\n");
}

TEST(FuseEpilogue, MatMulWithBothSidesBroadcast) {
  Builder b;
  auto m = b.node("MatMul", "m", {b.input("x", {2, 1, 3, 6}), b.input("w", {1, 4, 6, 5})});
  b.output(b.relu("y", b.add("sum", m, b.input("r", {2, 4, 3, 5}))));
  EXPECT_EQ(op_list(run(b)), "mini_infer.MatMul");
}

TEST(FuseEpilogue, EveryActivationStaysWhatItIs) {
  struct Case {
    std::string op;
    Builder::Attributes attributes;
    std::string text;
  };
  const std::vector<Case> cases = {
      {"Relu", {}, "\"Relu\" activation_alpha=0 activation_beta=0"},
      {"Tanh", {}, "\"Tanh\" activation_alpha=0 activation_beta=0"},
      {"Sigmoid", {}, "\"Sigmoid\" activation_alpha=0 activation_beta=0"},
      {"HardSwish", {}, "\"HardSwish\" activation_alpha=0 activation_beta=0"},
      {"Mish", {}, "\"Mish\" activation_alpha=0 activation_beta=0"},
      {"Gelu", {}, "\"Gelu\" activation_alpha=0 activation_beta=0"},
      {"Gelu",
       {{"approximate", std::string("tanh")}},
       "\"GeluTanh\" activation_alpha=0 activation_beta=0"},
      {"Swish", {}, "\"Swish\" activation_alpha=1 activation_beta=0"},
      {"Swish", {{"alpha", 1.702f}}, "\"Swish\" activation_alpha=1.702 activation_beta=0"},
      {"Elu", {{"alpha", 0.5f}}, "\"Elu\" activation_alpha=0.5 activation_beta=0"},
      {"LeakyRelu", {}, "\"LeakyRelu\" activation_alpha=0.01 activation_beta=0"},
      {"LeakyRelu", {{"alpha", 0.25f}}, "\"LeakyRelu\" activation_alpha=0.25 activation_beta=0"},
      {"HardSigmoid", {}, "\"HardSigmoid\" activation_alpha=0.2 activation_beta=0.5"},
      {"HardSigmoid",
       {{"alpha", 0.5f}, {"beta", 0.25f}},
       "\"HardSigmoid\" activation_alpha=0.5 activation_beta=0.25"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    ConvCase t;
    t.b.output(t.b.node(test.op, "y", {t.c}, test.attributes));
    EXPECT_EQ(nodes_text(run(t.b)), "%y float32[1,4,6,6] = mini_infer.Conv(%x, %c_w) activation=" +
                                        test.text + " pads=[1,1,1,1]\n");
  }
}

TEST(FuseEpilogue, ClipWithConstantBounds) {
  {
    ConvCase t;
    t.b.output(t.b.node("Clip", "y", {t.c, t.b.scalar("low", 0), t.b.scalar("high", 6)}));
    EXPECT_EQ(t.ops(), kConv);
  }
  {
    ConvCase t;  // one bound only
    t.b.output(t.b.node("Clip", "y", {t.c, kNoValue, t.b.scalar("high", 0.5f)}));
    EXPECT_EQ(t.ops(), kConv);
  }
  {
    ConvCase t;  // as attributes, in old opsets
    t.b.output(t.b.node("Clip", "y", {t.c}, {{"min", -0.5f}, {"max", 0.5f}}, 6));
    EXPECT_EQ(t.ops(), kConv);
  }
  ConvCase t;  // a bound that is only known while running
  t.b.output(t.b.node("Clip", "y", {t.c, t.b.input("low", {})}));
  EXPECT_EQ(t.ops(), "Conv Clip");
}

TEST(FuseEpilogue, OfTwoConvolutionsOneAddJoinsTheLaterTakesIt) {
  ConvCase t;
  Builder& b = t.b;
  auto d = b.conv("d", t.x, {4, 3, 1, 1});
  b.output(b.relu("y", b.add("sum", t.c, d)));
  EXPECT_EQ(nodes_text(run(b)),
            "%c float32[1,4,6,6] = Conv(%x, %c_w) pads=[1,1,1,1]\n"
            "%y float32[1,4,6,6] = mini_infer.Conv(%x, %d_w, -, %c) activation=\"Relu\" "
            "activation_alpha=0 activation_beta=0 pads=[0,0,0,0]\n");
}

TEST(FuseEpilogue, AResidualBlockIsTwoNodes) {
  Builder b;
  auto x = b.input("x", {1, 4, 6, 6});
  auto first = b.relu("r1", b.batch_norm("n1", b.conv("c1", x, {4, 4, 3, 3}), 4));
  auto second = b.batch_norm("n2", b.conv("c2", first, {4, 4, 3, 3}), 4);
  b.output(b.relu("y", b.add("sum", second, x)));
  EXPECT_EQ(op_list(optimized(b.graph(), {{"fold-batch-norm", "fuse-epilogue"}})),
            "mini_infer.Conv mini_infer.Conv");
}

TEST(FuseEpilogue, TheValueInBetweenMayHaveNoOtherReader) {
  ConvCase t;
  t.b.output(t.b.relu("y", t.c));
  t.b.output(t.b.node("Abs", "z", {t.c}));
  EXPECT_EQ(t.ops(), "Conv Relu Abs");
}

TEST(FuseEpilogue, AConvolutionThatIsAGraphOutputIsNotFusedAway) {
  ConvCase t;
  t.b.output(t.c);
  t.b.output(t.b.relu("y", t.c));
  EXPECT_EQ(t.ops(), "Conv Relu");
}

TEST(FuseEpilogue, StopsAtAGraphOutputInTheMiddleOfTheChain) {
  ConvCase t;
  auto sum = t.b.add("sum", t.c, t.b.input("r", {1, 4, 6, 6}));
  t.b.output(sum);
  t.b.output(t.b.relu("y", sum));
  EXPECT_EQ(nodes_text(run(t.b)),
            "%sum float32[1,4,6,6] = mini_infer.Conv(%x, %c_w, -, %r) pads=[1,1,1,1]\n"
            "%y float32[1,4,6,6] = Relu(%sum)\n");
}

TEST(FuseEpilogue, AResidualThatIsBroadcastStaysAnAdd) {
  ConvCase t;
  t.b.output(t.b.add("y", t.c, t.b.input("r", {1, 4, 1, 1})));
  t.b.output(t.b.add("z", t.b.conv("d", t.x, {4, 3, 1, 1}), t.b.input("wide", {2, 4, 6, 6})));
  EXPECT_EQ(t.ops(), "Conv Add Conv Add");
}

TEST(FuseEpilogue, ABiasOfAnotherShapeStaysAnAdd) {
  ConvCase t;
  t.b.output(t.b.add("y", t.c, t.b.weights("columns", {6})));
  Builder& b = t.b;
  auto m = b.node("MatMul", "m", {b.input("a", {2, 3}), b.weights("w", {3, 2})});
  b.output(b.add("z", m, b.weights("rows", {2, 1})));
  EXPECT_EQ(t.ops(), "Conv Add MatMul Add");
}

TEST(FuseEpilogue, ABiasThatIsNotConstantStaysAnAdd) {
  ConvCase t;
  t.b.output(t.b.add("y", t.c, t.b.input("bias", {4, 1, 1})));
  EXPECT_EQ(t.ops(), "Conv Add");
}

TEST(FuseEpilogue, AResidualThatDependsOnTheConvolutionStaysAnAdd) {
  ConvCase t;
  t.b.output(t.b.add("y", t.c, t.b.node("Abs", "a", {t.c})));
  EXPECT_EQ(t.ops(), "Conv Abs Add");
}

TEST(FuseEpilogue, AConvolutionAddedToItselfStaysAnAdd) {
  ConvCase t;
  t.b.output(t.b.add("y", t.c, t.c));
  EXPECT_EQ(t.ops(), "Conv Add");
}

TEST(FuseEpilogue, NothingIsTakenAfterTheActivation) {
  ConvCase t;
  auto r = t.b.relu("r", t.c);
  t.b.output(t.b.add("y", r, t.b.input("late", {1, 4, 6, 6})));
  EXPECT_EQ(t.ops(), "mini_infer.Conv Add");
}

TEST(FuseEpilogue, TheBoundOfAClipIsNoInputOfAnActivation) {
  Builder b;
  auto m = b.node("MatMul", "m", {b.input("x", {1, 3}), b.weights("w", {3, 1})});
  b.output(b.node("Clip", "y", {b.input("z", {4}), b.reshape("low", m, {})}));
  EXPECT_EQ(op_list(run(b)), "MatMul Reshape Clip");
}

TEST(FuseEpilogue, TheBiasMayComeAfterTheResidual) {
  Builder b;
  auto m = b.node("MatMul", "m", {b.input("x", {2, 6}), b.weights("w", {6, 5})});
  auto sum = b.add("sum", m, b.input("r", {2, 5}));
  b.output(b.node("Sigmoid", "y", {b.add("biased", sum, b.weights("bias", {5}))}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[2,5] = mini_infer.MatMul(%x, %w, %bias, %r) activation=\"Sigmoid\" "
            "activation_alpha=0 activation_beta=0\n");
}

// A dense layer on a sequence, as TensorFlow and GPT-2 write it.
struct SequenceCase {
  Builder b;
  ValueId x = b.input("x", {2, 3, 6});
  ValueId rows = b.reshape("rows", x, {6, 6});
  ValueId m = b.node("MatMul", "m", {rows, b.weights("w", {6, 6})});
  ValueId seen = b.reshape("seen", m, {2, 3, 6});
};

TEST(FuseEpilogue, WhatFollowsAViewOfTheRowsIsTaken) {
  SequenceCase t;
  t.b.output(t.b.relu("y", t.b.add("biased", t.seen, t.b.weights("bias", {6}))));
  EXPECT_EQ(nodes_text(run(t.b)),
            "%rows float32[6,6] = Reshape(%x, %rows_extents)\n"
            "%m float32[6,6] = mini_infer.MatMul(%rows, %w, %bias) activation=\"Relu\" "
            "activation_alpha=0 activation_beta=0\n"
            "%y float32[2,3,6] = Reshape(%m, %y_reshape_shape)\n");
}

TEST(FuseEpilogue, AResidualIsSeenAsTheRowsAre) {
  SequenceCase t;
  t.b.output(t.b.add("y", t.seen, t.b.input("r", {2, 3, 6})));
  EXPECT_EQ(op_list(run(t.b)), "Reshape Reshape mini_infer.MatMul Reshape");
}

TEST(FuseEpilogue, AResidualThatIsAViewOfRowsIsTakenAsThose) {
  SequenceCase t;
  auto wide = t.b.reshape("wide", t.b.input("r", {6, 6}), {2, 3, 6});
  t.b.output(t.b.add("y", wide, t.seen));
  EXPECT_EQ(nodes_text(run(t.b)),
            "%rows float32[6,6] = Reshape(%x, %rows_extents)\n"
            "%m float32[6,6] = mini_infer.MatMul(%rows, %w, -, %r)\n"
            "%y float32[2,3,6] = Reshape(%m, %y_reshape_shape)\n");
}

TEST(FuseEpilogue, BetweenTwoProductsOfRowsNoViewIsLeft) {
  SequenceCase t;
  auto wide = t.b.relu("wide", t.seen);
  auto again = t.b.reshape("again", wide, {6, 6});
  t.b.output(t.b.node("MatMul", "y", {again, t.b.weights("v", {6, 4})}));
  EXPECT_EQ(op_list(run(t.b)), "Reshape mini_infer.MatMul MatMul");
}

TEST(FuseEpilogue, AViewThatMovesTheColumnsEndsTheChain) {
  SequenceCase t;
  auto heads = t.b.reshape("heads", t.m, {6, 2, 3});
  t.b.output(t.b.relu("y", t.b.add("biased", heads, t.b.weights("bias", {3}))));
  EXPECT_EQ(op_list(run(t.b)), "Reshape MatMul Reshape Add Relu");
}

TEST(FuseEpilogue, AViewThatIsAGraphOutputEndsTheChain) {
  SequenceCase t;
  t.b.output(t.seen);
  t.b.output(t.b.relu("y", t.seen));
  EXPECT_EQ(op_list(run(t.b)), "Reshape MatMul Reshape Relu");
}

TEST(FuseEpilogue, AViewOfAnImageEndsTheChain) {
  ConvCase t;
  t.b.output(t.b.relu("y", t.b.reshape("seen", t.c, {1, 2, 12, 6})));
  EXPECT_EQ(t.ops(), "Conv Reshape Relu");
}

TEST(FuseEpilogue, VectorsAreLeftAlone) {
  Builder b;
  auto m = b.node("MatMul", "m", {b.input("x", {2, 3}), b.weights("w", {3})});
  b.output(b.relu("y", b.add("sum", m, b.weights("bias", {2}))));
  EXPECT_EQ(op_list(run(b)), "MatMul Add Relu");
}

TEST(FuseEpilogue, IsSwitchedOff) {
  ConvCase t;
  t.b.output(t.b.relu("y", t.c));
  EXPECT_EQ(op_list(optimized(t.b.graph(), {{"remove-identity"}})), "Conv Relu");
}

}  // namespace
}  // namespace mini_infer::test
