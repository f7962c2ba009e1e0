#include <gtest/gtest.h>

#include <functional>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;
using Written = std::function<ValueId(Builder&, ValueId)>;

// What a convolution and an activation as an exporter writes it become; and what each becomes
// alone.
std::string fused(const Written& written) {
  Builder b;
  b.output(written(b, b.conv("c", b.input("x", {1, 3, 6, 6}), {4, 3, 3, 3})));
  const std::string text =
      nodes_text(optimized(b.graph(), {{"fuse-activation", "fold-batch-norm", "fuse-epilogue"}}));
  const auto from = text.find("activation=");
  const auto to = text.find(" pads");
  return from == std::string::npos ? "not fused" : text.substr(from, to - from);
}

std::string alone(const Written& written) {
  Builder b;
  b.output(written(b, b.input("x", {2, 3, 4})));
  return nodes_text(optimized(b.graph(), {{"fuse-activation"}}));
}

std::string ops_alone(const Written& written) {
  Builder b;
  b.output(written(b, b.input("x", {2, 3, 4})));
  return op_list(optimized(b.graph(), {{"fuse-activation"}}));
}

ValueId divided(Builder& b, const std::string& name, ValueId x, float by) {
  return b.node("Div", name, {x, b.scalar(name + "_by", by)});
}
ValueId times(Builder& b, const std::string& name, ValueId x, float factor) {
  return b.mul(name, x, b.scalar(name + "_factor", factor));
}
ValueId plus(Builder& b, const std::string& name, ValueId x, float addend) {
  return b.add(name, x, b.scalar(name + "_addend", addend));
}
ValueId power(Builder& b, const std::string& name, ValueId x, float exponent) {
  return b.node("Pow", name, {x, b.scalar(name + "_exponent", exponent)});
}

// --- GELU with the error function ---

constexpr const char* kGelu = "activation=\"Gelu\" activation_alpha=0 activation_beta=0";

// 1 + erf(x / √2)
ValueId one_plus_erf(Builder& b, ValueId x, float root = 1.4142135f) {
  return plus(b, "gate", b.node("Erf", "erf", {divided(b, "scaled", x, root)}), 1);
}

TEST(Gelu, AsPyTorchWritesIt) {
  const Written written = [](Builder& b, ValueId x) {
    return times(b, "y", b.mul("product", x, one_plus_erf(b, x)), 0.5f);
  };
  EXPECT_EQ(fused(written), kGelu);
  EXPECT_EQ(alone(written), "%y float32[2,3,4] = Gelu(%x)\n");
}

TEST(Gelu, WithTheHalfBeforeTheProduct) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              return b.mul("y", times(b, "half", x, 0.5f), one_plus_erf(b, x));
            }),
            kGelu);
}

TEST(Gelu, WithTheHalfOnTheGate) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              return b.mul("y", times(b, "half", one_plus_erf(b, x), 0.5f), x);
            }),
            kGelu);
}

TEST(Gelu, WithAFactorForTheRoot) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto erf = b.node("Erf", "erf", {times(b, "scaled", x, 0.707107f)});
              return divided(b, "y", b.mul("product", plus(b, "gate", erf, 1), x), 2);
            }),
            kGelu);
}

TEST(Gelu, WithTheHalfDealtOut) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto erf = b.node("Erf", "erf", {divided(b, "scaled", x, 1.4142135f)});
              return b.mul("y", x, plus(b, "gate", times(b, "half", erf, 0.5f), 0.5f));
            }),
            kGelu);
}

TEST(Gelu, AnotherRootIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return times(b, "y", b.mul("product", x, one_plus_erf(b, x, 1.5f)), 0.5f);
            }),
            "Div Erf Add Mul Mul");
}

TEST(Gelu, AnotherFactorIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return times(b, "y", b.mul("product", x, one_plus_erf(b, x)), 0.25f);
            }),
            "Div Erf Add Mul Mul");
}

TEST(Gelu, OfAnotherTensorIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto gate = one_plus_erf(b, b.input("z", {2, 3, 4}));
              return times(b, "y", b.mul("product", x, gate), 0.5f);
            }),
            "Div Erf Add Mul Mul");
}

TEST(Gelu, AGateThatIsAlsoAGraphOutputStays) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto gate = one_plus_erf(b, x);
              b.output(gate);
              return times(b, "y", b.mul("product", x, gate), 0.5f);
            }),
            "Div Erf Add Mul Mul");
}

TEST(Gelu, AProductThatSomebodyElseReadsStays) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto product = b.mul("product", x, one_plus_erf(b, x));
              b.output(b.node("Abs", "a", {product}));
              return times(b, "y", product, 0.5f);
            }),
            "Div Erf Add Mul Abs Mul");
}

TEST(Gelu, AConstantOfAHigherRankChangesTheShape) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto half = b.constant("half", floats({1, 1, 1, 1}, {0.5f}));
              return b.mul("y", b.mul("product", x, one_plus_erf(b, x)), half);
            }),
            "Div Erf Add Mul Mul");
}

// --- GELU with the hyperbolic tangent ---

constexpr const char* kGeluTanh = "activation=\"GeluTanh\" activation_alpha=0 activation_beta=0";
constexpr float kSqrt2OverPi = 0.7978845608f;

ValueId gelu_of_inner(Builder& b, ValueId x, ValueId inner) {
  auto gate = plus(b, "gate", b.node("Tanh", "tanh", {inner}), 1);
  return b.mul("y", times(b, "half", x, 0.5f), gate);
}

// √(2/π) (x + factor * cube)
ValueId inner_of_cube(Builder& b, ValueId x, ValueId cube, float factor = 0.044715f) {
  auto sum = b.add("sum", x, times(b, "small", cube, factor));
  return times(b, "inner", sum, kSqrt2OverPi);
}

TEST(GeluTanh, WithAPowerOfThree) {
  const Written written = [](Builder& b, ValueId x) {
    return gelu_of_inner(b, x, inner_of_cube(b, x, power(b, "cube", x, 3)));
  };
  EXPECT_EQ(fused(written), kGeluTanh);
  EXPECT_EQ(alone(written), "%y float32[2,3,4] = Gelu(%x) approximate=\"tanh\"\n");
}

TEST(GeluTanh, WithProducts) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto cube = b.mul("cube", x, b.mul("square", x, x));
              return gelu_of_inner(b, x, inner_of_cube(b, x, cube));
            }),
            kGeluTanh);
}

TEST(GeluTanh, WithXTakenOut) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto small = times(b, "small", b.mul("square", x, x), 0.044715f);
              auto line =
                  b.mul("line", times(b, "scaled", x, kSqrt2OverPi), plus(b, "bent", small, 1));
              return gelu_of_inner(b, x, line);
            }),
            kGeluTanh);
}

TEST(GeluTanh, WithTheFactorInTheCube) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto cube = b.mul("cube", b.mul("square", times(b, "small", x, 0.044715f), x), x);
              auto sum = b.add("sum", cube, x);
              return gelu_of_inner(b, x, b.mul("inner", b.scalar("r", kSqrt2OverPi), sum));
            }),
            kGeluTanh);
}

TEST(GeluTanh, AnotherExponentOrFactorIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return gelu_of_inner(b, x, inner_of_cube(b, x, power(b, "square", x, 2)));
            }),
            "Pow Mul Add Mul Tanh Add Mul Mul");
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return gelu_of_inner(b, x, inner_of_cube(b, x, power(b, "cube", x, 3), 0.05f));
            }),
            "Pow Mul Add Mul Tanh Add Mul Mul");
}

TEST(GeluTanh, AFifthPowerIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto fifth = b.mul("fifth", x, power(b, "fourth", x, 4));
              return gelu_of_inner(b, x, inner_of_cube(b, x, fifth));
            }),
            "Pow Mul Mul Add Mul Tanh Add Mul Mul");
}

// --- Swish ---

TEST(Swish, SiluInEitherOrder) {
  const std::string silu = "activation=\"Swish\" activation_alpha=1 activation_beta=0";
  EXPECT_EQ(
      fused([](Builder& b, ValueId x) { return b.mul("y", x, b.node("Sigmoid", "gate", {x})); }),
      silu);
  EXPECT_EQ(
      fused([](Builder& b, ValueId x) { return b.mul("y", b.node("Sigmoid", "gate", {x}), x); }),
      silu);
}

TEST(Swish, QuickGelu) {
  const Written written = [](Builder& b, ValueId x) {
    return b.mul("y", x, b.node("Sigmoid", "gate", {times(b, "scaled", x, 1.702f)}));
  };
  EXPECT_EQ(fused(written), "activation=\"Swish\" activation_alpha=1.702 activation_beta=0");
  EXPECT_EQ(alone(written), "%y float32[2,3,4] = Swish(%x) alpha=1.702\n");
}

TEST(Swish, AShiftedGateIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return b.mul("y", x, b.node("Sigmoid", "gate", {plus(b, "shifted", x, 1)}));
            }),
            "Add Sigmoid Mul");
}

TEST(Swish, AGateOfAnotherTensorIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return b.mul("y", x, b.node("Sigmoid", "gate", {b.input("z", {2, 3, 4})}));
            }),
            "Sigmoid Mul");
}

TEST(Swish, OfIntegersOrDoublesIsLeftAlone) {
  Builder b;
  auto x = b.input("x", {4}, core::DataType::kFloat64);
  b.output(b.mul("y", x, b.node("Sigmoid", "gate", {x})));
  EXPECT_EQ(op_list(optimized(b.graph(), {{"fuse-activation"}})), "Sigmoid Mul");
}

TEST(Swish, TwoInARow) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto once = b.mul("once", x, b.node("Sigmoid", "gate", {x}));
              return b.mul("y", once, b.node("Sigmoid", "gate2", {once}));
            }),
            "Swish Swish");
}

// --- Mish ---

TEST(Mish, WithSoftplus) {
  const Written written = [](Builder& b, ValueId x) {
    return b.mul("y", x, b.node("Tanh", "gate", {b.node("Softplus", "soft", {x})}));
  };
  EXPECT_EQ(fused(written), "activation=\"Mish\" activation_alpha=0 activation_beta=0");
  EXPECT_EQ(alone(written), "%y float32[2,3,4] = Mish(%x)\n");
}

TEST(Mish, WithLogarithmAndExponential) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto soft = b.node("Log", "soft", {plus(b, "p", b.node("Exp", "e", {x}), 1)});
              return b.mul("y", b.node("Tanh", "gate", {soft}), x);
            }),
            "Mish");
}

TEST(Mish, OfTanhAloneIsAnotherFunction) {
  EXPECT_EQ(
      ops_alone([](Builder& b, ValueId x) { return b.mul("y", x, b.node("Tanh", "gate", {x})); }),
      "Tanh Mul");
}

// --- HardSwish ---

constexpr const char* kHardSwish = "activation=\"HardSwish\" activation_alpha=0 activation_beta=0";

ValueId relu6(Builder& b, ValueId x) {
  return b.node("Clip", "clip", {x, b.scalar("zero", 0), b.scalar("six", 6)});
}
ValueId relu6_of_shifted(Builder& b, ValueId x, float shift = 3) {
  return relu6(b, plus(b, "shifted", x, shift));
}

TEST(HardSwish, WithHardSigmoid) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto gate = b.node("HardSigmoid", "gate", {x}, {{"alpha", 1.0f / 6.0f}});
              return b.mul("y", x, gate);
            }),
            kHardSwish);
}

TEST(HardSwish, WithTheQuotientOutside) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              return divided(b, "y", b.mul("product", x, relu6_of_shifted(b, x)), 6);
            }),
            kHardSwish);
}

TEST(HardSwish, WithTheQuotientInside) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              return b.mul("y", divided(b, "gate", relu6_of_shifted(b, x), 6), x);
            }),
            kHardSwish);
}

TEST(HardSwish, WithAFactorForTheQuotient) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              return b.mul("y", x, times(b, "gate", relu6_of_shifted(b, x), 0.166667f));
            }),
            kHardSwish);
}

TEST(HardSwish, TheDefaultSlopeIsAnother) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return b.mul("y", x, b.node("HardSigmoid", "gate", {x}));
            }),
            "HardSigmoid Mul");
}

TEST(HardSwish, AnotherShiftIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              return divided(b, "y", b.mul("product", x, relu6_of_shifted(b, x, 2)), 6);
            }),
            "Add Clip Mul Div");
}

TEST(HardSwish, AGateOfAnotherTensorIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto z = b.input("z", {2, 3, 4});
              auto gate = b.node("HardSigmoid", "gate", {z}, {{"alpha", 1.0f / 6.0f}});
              return b.mul("y", x, gate);
            }),
            "HardSigmoid Mul");
}

TEST(HardSwish, AGateThatIsAlsoAGraphOutputStays) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto gate = b.node("HardSigmoid", "gate", {x}, {{"alpha", 1.0f / 6.0f}});
              b.output(gate);
              return b.mul("y", x, gate);
            }),
            "HardSigmoid Mul");
}

// --- HardSigmoid ---

constexpr const char* kHardSigmoid =
    "activation=\"HardSigmoid\" activation_alpha=0.166667 activation_beta=0.5";

TEST(HardSigmoid, AsAShiftedRelu6) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) { return divided(b, "y", relu6_of_shifted(b, x), 6); }),
            kHardSigmoid);
}

TEST(HardSigmoid, WithOldBounds) {
  EXPECT_EQ(fused([](Builder& b, ValueId x) {
              auto clip = b.node("Clip", "clip", {plus(b, "shifted", x, 3)},
                                 {{"min", 0.0f}, {"max", 6.0f}}, 9);
              return divided(b, "y", clip, 6);
            }),
            kHardSigmoid);
}

TEST(HardSigmoid, AsALineClippedToOne) {
  const Written written = [](Builder& b, ValueId x) {
    auto line = plus(b, "line", times(b, "scaled", x, 0.25f), 0.5f);
    return b.node("Clip", "y", {line, b.scalar("zero", 0), b.scalar("one", 1)});
  };
  EXPECT_EQ(fused(written), "activation=\"HardSigmoid\" activation_alpha=0.25 activation_beta=0.5");
  EXPECT_EQ(alone(written), "%y float32[2,3,4] = HardSigmoid(%x) alpha=0.25 beta=0.5\n");
}

TEST(HardSigmoid, AClipWithoutALineStaysAClip) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) { return divided(b, "y", relu6(b, x), 6); }),
            "Clip Div");
}

TEST(HardSigmoid, AnotherQuotientIsAnotherFunction) {
  EXPECT_EQ(
      ops_alone([](Builder& b, ValueId x) { return divided(b, "y", relu6_of_shifted(b, x), 3); }),
      "Add Clip Div");
}

TEST(HardSigmoid, ABoundBelowZeroIsAnotherFunction) {
  EXPECT_EQ(ops_alone([](Builder& b, ValueId x) {
              auto shifted = plus(b, "shifted", x, 0.5f);
              return b.node("Clip", "y", {shifted, b.scalar("low", -1), b.scalar("one", 1)});
            }),
            "Add Clip");
}

TEST(FuseActivation, IsSwitchedOff) {
  Builder b;
  auto x = b.input("x", {4});
  b.output(b.mul("y", x, b.node("Sigmoid", "gate", {x})));
  EXPECT_EQ(op_list(optimized(b.graph(), {{"fuse-epilogue"}})), "Sigmoid Mul");
}

}  // namespace
}  // namespace mini_infer::test
