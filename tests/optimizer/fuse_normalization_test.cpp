#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using graph::ValueId;
using Ints = std::vector<std::int64_t>;

graph::Graph run(Builder& b) {
  return optimized(b.graph(), {{"remove-identity", "fuse-normalization"}});
}

// A normalisation over the last axis of [2, 3, 8], piece by piece.
struct Written {
  Builder b;
  ValueId x = b.input("x", {2, 3, 8});
  Ints axes = {-1};

  ValueId mean(const std::string& name, ValueId of) {
    return b.node("ReduceMean", name, {of}, {{"axes", axes}});
  }
  ValueId scalar_op(const std::string& op, const std::string& name, ValueId value, float scalar) {
    return b.node(op, name, {value, b.scalar(name + "_c", scalar)});
  }
  ValueId centred(const std::string& name = "d") {
    return b.node("Sub", name, {x, mean(name + "_mean", x)});
  }
  // √(mean of the squares + epsilon)
  ValueId deviation(ValueId squares, float epsilon = 1e-5f) {
    return b.node("Sqrt", "root", {scalar_op("Add", "stable", mean("variance", squares), epsilon)});
  }
  ValueId square(ValueId value, float exponent = 2) {
    return scalar_op("Pow", "square", value, exponent);
  }
  ValueId scaled(ValueId value, Shape shape = {8}) {
    return b.mul("scaled", value, b.weights("gamma", std::move(shape)));
  }
  ValueId shifted(ValueId value, Shape shape = {8}) {
    return b.add("y", value, b.weights("beta", std::move(shape)));
  }
  // (x - mean) / deviation, as PyTorch writes it.
  ValueId quotient() {
    auto d = centred();
    return b.node("Div", "q", {d, deviation(square(d))});
  }

  std::string text(ValueId y) {
    b.output(y);
    return nodes_text(run(b));
  }
  std::string ops(ValueId y) {
    b.output(y);
    return op_list(run(b));
  }
};

constexpr const char* kLayerNormalization =
    "%y float32[2,3,8] = LayerNormalization(%x, %gamma, %beta) axis=-1 epsilon=1e-05\n";
constexpr const char* kUnfused = "ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add";

TEST(FuseLayerNormalization, AsPyTorchWritesIt) {
  Written w;
  EXPECT_EQ(w.text(w.shifted(w.scaled(w.quotient()))), kLayerNormalization);
}

TEST(FuseLayerNormalization, WithCastsThatChangeNothing) {
  Written w;
  auto d = w.centred();
  auto cast = w.b.node("Cast", "cast", {d}, {{"to", std::int64_t{1}}});
  auto q = w.b.node("Div", "q", {d, w.deviation(w.square(cast))});
  EXPECT_EQ(w.text(w.shifted(w.scaled(q))), kLayerNormalization);
}

TEST(FuseLayerNormalization, WithTheDifferenceComputedTwice) {
  Written w;
  auto q = w.b.node("Div", "q", {w.centred("d"), w.deviation(w.square(w.centred("again")))});
  EXPECT_EQ(w.text(w.shifted(w.scaled(q))), kLayerNormalization);
}

TEST(FuseLayerNormalization, WithAProductForTheSquareAndAReciprocal) {
  Written w;
  auto d = w.centred();
  auto inverse = w.b.node("Reciprocal", "inverse", {w.deviation(w.b.mul("square", d, d))});
  EXPECT_EQ(w.text(w.shifted(w.scaled(w.b.mul("q", inverse, d)))), kLayerNormalization);
}

TEST(FuseLayerNormalization, WithPowersForTheRoot) {
  Written w;
  auto d = w.centred();
  auto stable = w.scalar_op("Add", "stable", w.mean("variance", w.square(d)), 1e-5f);
  auto q = w.b.mul("q", d, w.scalar_op("Pow", "inverse", stable, -0.5f));
  EXPECT_EQ(w.text(w.shifted(w.scaled(q))), kLayerNormalization);
}

TEST(FuseLayerNormalization, WithAxesAsAnInput) {
  Written w;
  Builder& b = w.b;
  auto axes = b.constant("axes", int64s({2}));
  auto d = b.node("Sub", "d", {w.x, b.node("ReduceMean", "mean", {w.x, axes}, {}, 18)});
  auto variance = b.node("ReduceMean", "variance", {w.square(d), axes}, {}, 18);
  auto root = b.node("Sqrt", "root", {w.scalar_op("Add", "stable", variance, 1e-5f)});
  EXPECT_EQ(w.text(w.shifted(w.scaled(b.node("Div", "q", {d, root})))), kLayerNormalization);
}

TEST(FuseLayerNormalization, OverSeveralLastAxes) {
  Written w;
  w.axes = {2, 1};
  EXPECT_EQ(w.text(w.shifted(w.scaled(w.quotient(), {3, 8}), {3, 8})),
            "%y float32[2,3,8] = LayerNormalization(%x, %gamma, %beta) axis=-2 epsilon=1e-05\n");
}

TEST(FuseLayerNormalization, WithoutParameters) {
  Written w;
  EXPECT_EQ(w.text(w.quotient()),
            "%q float32[2,3,8] = LayerNormalization(%x, %x_scale) axis=-1 epsilon=1e-05\n");
}

TEST(FuseLayerNormalization, WithAScaleOnly) {
  Written w;
  EXPECT_EQ(w.text(w.scaled(w.quotient())),
            "%scaled float32[2,3,8] = LayerNormalization(%x, %gamma) axis=-1 epsilon=1e-05\n");
}

TEST(FuseLayerNormalization, ParametersMayHaveLeadingAxesOfOne) {
  Written w;
  EXPECT_EQ(w.ops(w.shifted(w.scaled(w.quotient(), {1, 1, 8}), {1, 8})), "LayerNormalization");
}

TEST(FuseLayerNormalization, OneAfterAnother) {
  Builder b;
  ValueId x = b.input("x", {2, 8});
  for (const std::string name : {"a", "b"}) {
    auto mean = b.node("ReduceMean", name + "m", {x}, {{"axes", Ints{-1}}});
    auto d = b.node("Sub", name + "d", {x, mean});
    auto squares = b.node("Pow", name + "s", {d, b.scalar(name + "two", 2)});
    auto variance = b.node("ReduceMean", name + "v", {squares}, {{"axes", Ints{-1}}});
    auto stable = b.add(name + "e", variance, b.scalar(name + "epsilon", 1e-5f));
    x = b.node("Div", name, {d, b.node("Sqrt", name + "r", {stable})});
  }
  b.output(x);
  EXPECT_EQ(op_list(run(b)), "LayerNormalization LayerNormalization");
}

// x * s + (beta - mean * s), with s = gamma / deviation.
struct TensorFlowWritten : Written {
  ValueId m = mean("mean", x);

  ValueId factor() {
    auto d = b.node("Sub", "d", {x, m});
    return b.node("Reciprocal", "inverse", {deviation(b.mul("square", d, d))});
  }
  ValueId sum(ValueId s) {
    auto shift = b.node("Sub", "shift", {b.weights("beta", {8}), b.mul("moved", m, s)});
    return b.add("y", b.mul("product", x, s), shift);
  }
};

TEST(FuseLayerNormalization, AsTensorFlowWritesIt) {
  TensorFlowWritten w;
  EXPECT_EQ(w.text(w.sum(w.scaled(w.factor()))), kLayerNormalization);
}

TEST(FuseLayerNormalization, AsTensorFlowWritesItWithoutScale) {
  TensorFlowWritten w;
  EXPECT_EQ(w.text(w.sum(w.factor())),
            "%y float32[2,3,8] = LayerNormalization(%x, %x_scale, %beta) axis=-1 epsilon=1e-05\n");
}

TEST(FuseLayerNormalization, AsTensorFlowWritesItWithoutBias) {
  TensorFlowWritten w;
  auto s = w.scaled(w.factor());
  auto shift = w.b.node("Neg", "shift", {w.b.mul("moved", s, w.m)});
  EXPECT_EQ(w.text(w.b.add("y", shift, w.b.mul("product", s, w.x))),
            "%y float32[2,3,8] = LayerNormalization(%x, %gamma) axis=-1 epsilon=1e-05\n");
}

TEST(FuseLayerNormalization, TheMeanOfAnotherTensorIsAnotherFunction) {
  TensorFlowWritten w;
  auto s = w.scaled(w.factor());
  auto other = w.mean("other", w.b.input("z", {2, 3, 8}));
  auto shift = w.b.node("Sub", "shift", {w.b.weights("beta", {8}), w.b.mul("moved", other, s)});
  EXPECT_EQ(w.ops(w.b.add("y", w.b.mul("product", w.x, s), shift)),
            "ReduceMean Sub Mul ReduceMean Add Sqrt Reciprocal Mul ReduceMean Mul Sub Mul Add");
}

TEST(FuseLayerNormalization, TheFactorOfAnotherTensorIsAnotherFunction) {
  TensorFlowWritten w;
  auto s = w.factor();
  auto shift = w.b.node("Sub", "shift", {w.b.weights("beta", {8}), w.b.mul("moved", w.m, s)});
  EXPECT_EQ(w.ops(w.b.add("y", w.b.mul("product", w.b.input("z", {2, 3, 8}), s), shift)),
            "ReduceMean Sub Mul ReduceMean Add Sqrt Reciprocal Mul Sub Mul Add");
}

TEST(FuseLayerNormalization, AnotherAxisIsAnotherFunction) {
  Written w;
  w.axes = {1};
  EXPECT_EQ(w.ops(w.shifted(w.scaled(w.quotient()))), kUnfused);
}

TEST(FuseLayerNormalization, TheFirstAxesAreNotTheLast) {
  Written w;
  w.axes = {0, 1};
  EXPECT_EQ(w.ops(w.quotient()), "ReduceMean Sub Pow ReduceMean Add Sqrt Div");
}

TEST(FuseLayerNormalization, APowerOverOtherAxesIsThatOfTheDifference) {
  Written w;
  auto d = w.centred();
  w.axes = {1, 2};
  EXPECT_EQ(w.text(w.b.node("Div", "q", {d, w.deviation(w.square(d))})),
            "%d_mean float32[2,3,1] = ReduceMean(%x) axes=[-1]\n"
            "%d float32[2,3,8] = Sub(%x, %d_mean)\n"
            "%q float32[2,3,8] = RMSNormalization(%d, %d_scale) axis=-2 epsilon=1e-05\n");
}

TEST(FuseLayerNormalization, AnotherExponentIsAnotherFunction) {
  Written w;
  auto d = w.centred();
  EXPECT_EQ(w.ops(w.b.node("Div", "q", {d, w.deviation(w.square(d, 4))})),
            "ReduceMean Sub Pow ReduceMean Add Sqrt Div");
}

TEST(FuseLayerNormalization, AScaleOfAnotherShapeStaysAProduct) {
  Written w;
  EXPECT_EQ(w.ops(w.shifted(w.scaled(w.quotient(), {3, 1}))), "LayerNormalization Mul Add");
}

TEST(FuseLayerNormalization, AScaleThatEnlargesStaysAProduct) {
  Written w;
  EXPECT_EQ(w.ops(w.scaled(w.quotient(), {4, 1, 1, 8})), "LayerNormalization Mul");
}

TEST(FuseLayerNormalization, AScaleAlongTheWrongAxisStaysAProduct) {
  Builder b;
  auto x = b.input("x", {8, 8});
  auto mean = b.node("ReduceMean", "mean", {x}, {{"axes", Ints{1}}});
  auto d = b.node("Sub", "d", {x, mean});
  auto variance = b.node("ReduceMean", "variance", {b.mul("square", d, d)}, {{"axes", Ints{1}}});
  auto root = b.node("Sqrt", "root", {b.add("stable", variance, b.scalar("epsilon", 1e-5f))});
  b.output(b.mul("y", b.node("Div", "q", {d, root}), b.weights("gamma", {8, 1})));
  EXPECT_EQ(op_list(run(b)), "LayerNormalization Mul");
}

TEST(FuseLayerNormalization, AScaleThatIsNotConstantStaysAProduct) {
  Written w;
  EXPECT_EQ(w.ops(w.b.mul("y", w.quotient(), w.b.input("gamma", {8}))), "LayerNormalization Mul");
}

TEST(FuseLayerNormalization, AQuotientThatIsAlsoAGraphOutputEndsTheNode) {
  Written w;
  auto q = w.quotient();
  w.b.output(q);
  EXPECT_EQ(w.ops(w.shifted(w.scaled(q))), "LayerNormalization Mul Add");
}

TEST(FuseLayerNormalization, AVarianceThatSomebodyElseReadsStays) {
  Written w;
  auto d = w.centred();
  auto root = w.deviation(w.square(d));
  w.b.output(w.b.node("Abs", "a", {root}));
  EXPECT_EQ(w.ops(w.shifted(w.scaled(w.b.node("Div", "q", {d, root})))),
            "ReduceMean Sub Pow ReduceMean Add Sqrt Abs Div Mul Add");
}

TEST(FuseLayerNormalization, AMeanThatIsAlsoAGraphOutputStays) {
  TensorFlowWritten w;
  w.b.output(w.m);
  EXPECT_EQ(w.ops(w.sum(w.factor())),
            "ReduceMean Sub Mul ReduceMean Add Sqrt Reciprocal Mul Sub Mul Add");
}

// --- RMSNorm ---

constexpr const char* kRmsNormalization =
    "%y float32[2,3,8] = RMSNormalization(%x, %gamma) axis=-1 epsilon=1e-05\n";

TEST(FuseRmsNormalization, AsLlamaWritesIt) {
  Written w;
  auto inverse = w.scalar_op("Pow", "p", w.x, 2);
  auto root = w.deviation(inverse);
  auto q = w.b.mul("q", w.x, w.b.node("Div", "inverse", {w.b.scalar("one", 1), root}));
  EXPECT_EQ(w.text(w.b.mul("y", w.b.weights("gamma", {8}), q)), kRmsNormalization);
}

TEST(FuseRmsNormalization, WithAReciprocalAndTheWeightBehind) {
  Written w;
  auto root = w.deviation(w.b.mul("square", w.x, w.x));
  auto q = w.b.mul("q", w.b.node("Reciprocal", "inverse", {root}), w.x);
  EXPECT_EQ(w.text(w.b.mul("y", q, w.b.weights("gamma", {8}))), kRmsNormalization);
}

TEST(FuseRmsNormalization, WithAQuotient) {
  Written w;
  auto q = w.b.node("Div", "q", {w.x, w.deviation(w.square(w.x))});
  EXPECT_EQ(w.text(w.b.mul("y", q, w.b.weights("gamma", {8}))), kRmsNormalization);
}

TEST(FuseRmsNormalization, ABiasStaysAnAddition) {
  Written w;
  auto q = w.b.node("Div", "q", {w.x, w.deviation(w.square(w.x))});
  EXPECT_EQ(w.ops(w.shifted(w.scaled(q))), "RMSNormalization Add");
}

TEST(FuseRmsNormalization, TheSquareOfAnotherTensorIsAnotherFunction) {
  Written w;
  auto root = w.deviation(w.square(w.b.input("z", {2, 3, 8})));
  EXPECT_EQ(w.ops(w.scaled(w.b.node("Div", "q", {w.x, root}))), "Pow ReduceMean Add Sqrt Div Mul");
}

TEST(FuseRmsNormalization, AnEpsilonThatIsNotOneNumberStays) {
  Written w;
  auto variance = w.mean("variance", w.square(w.x));
  auto stable = w.b.add("stable", variance, w.b.constant("epsilon", floats({3, 1}, {1, 2, 3})));
  EXPECT_EQ(w.ops(w.b.node("Div", "q", {w.x, w.b.node("Sqrt", "root", {stable})})),
            "Pow ReduceMean Add Sqrt Div");
}

TEST(FuseRmsNormalization, ARowMeanWithoutItsAxisIsAnotherFunction) {
  Builder b;
  auto x = b.input("x", {8, 8});
  auto mean = b.node("ReduceMean", "mean", {b.mul("square", x, x)},
                     {{"axes", Ints{1}}, {"keepdims", std::int64_t{0}}});
  auto root = b.node("Sqrt", "root", {b.add("stable", mean, b.scalar("epsilon", 1e-5f))});
  b.output(b.node("Div", "y", {x, root}));
  EXPECT_EQ(op_list(run(b)), "Mul ReduceMean Add Sqrt Div");
}

TEST(FuseNormalization, IsSwitchedOff) {
  Written w;
  w.b.output(w.shifted(w.scaled(w.quotient())));
  EXPECT_EQ(op_list(optimized(w.b.graph(), {{"remove-identity"}})), kUnfused);
}

}  // namespace
}  // namespace mini_infer::test
