#include <gtest/gtest.h>

#include <functional>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::kNoValue;
using graph::ValueId;
using Ints = std::vector<std::int64_t>;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"remove-identity"}}); }

// x -> Relu -> what is tested -> Abs -> y
struct Sandwich {
  Builder b;
  ValueId in = b.relu("in", b.input("x", {2, 3, 4}));

  std::string ops_around(ValueId out) {
    b.output(b.node("Abs", "y", {out}));
    return op_list(run(b));
  }
};

TEST(RemoveIdentity, NodesThatChangeNothingGo) {
  const auto two = int64s({2, 3, 4});
  const std::vector<std::function<ValueId(Builder&, ValueId)>> cases = {
      [](Builder& b, ValueId x) { return b.node("Identity", "i", {x}); },
      [](Builder& b, ValueId x) { return b.node("Dropout", "d", {x}); },
      [](Builder& b, ValueId x) {
        return b.node("Cast", "c", {x}, {{"to", std::int64_t{1}}});
      },
      [](Builder& b, ValueId x) {
        return b.reshape("r", x, {2, -1, 4});
      },
      [](Builder& b, ValueId x) {
        return b.transpose("t", x, {0, 1, 2});
      },
      [](Builder& b, ValueId x) { return b.node("Sum", "s", {x}); },
      [](Builder& b, ValueId x) { return b.node("Max", "m", {x}); },
      [](Builder& b, ValueId x) {
        return b.node("Concat", "c", {x}, {{"axis", std::int64_t{1}}});
      },
      [](Builder& b, ValueId x) {
        return b.node("Expand", "e", {x, b.constant("shape", int64s({3, 1}))});
      },
      [](Builder& b, ValueId x) {
        return b.node("Tile", "t", {x, b.constant("repeats", int64s({1, 1, 1}))});
      },
      [](Builder& b, ValueId x) {
        return b.node("Slice", "s",
                      {x, b.constant("starts", int64s({0})), b.constant("ends", int64s({100})),
                       b.constant("axes", int64s({1}))});
      },
      [](Builder& b, ValueId x) {
        return b.node("Pad", "p", {x, b.constant("pads", int64s({0, 0, 0, 0, 0, 0}))});
      },
      [](Builder& b, ValueId x) {
        return b.node("Split", "s", {x}, {{"axis", std::int64_t{1}}}, 11);
      },
      [](Builder& b, ValueId x) { return b.mul("m", b.scalar("one", 1), x); },
      [](Builder& b, ValueId x) {
        return b.node("Div", "d", {x, b.scalar("one", 1)});
      },
      [](Builder& b, ValueId x) {
        return b.node("Pow", "p", {x, b.scalar("one", 1)});
      },
      [](Builder& b, ValueId x) { return b.add("a", x, b.scalar("zero", 0)); },
      [](Builder& b, ValueId x) {
        return b.node("Sub", "s", {x, b.scalar("zero", 0)});
      },
  };
  for (const auto& add : cases) {
    Sandwich s;
    const ValueId out = add(s.b, s.in);
    SCOPED_TRACE(s.b.graph().nodes().back().op);
    EXPECT_EQ(s.ops_around(out), "Relu Abs");
  }
}

TEST(RemoveIdentity, ArithmeticThatChangesSomethingStays) {
  const std::vector<std::function<ValueId(Builder&, ValueId)>> cases = {
      [](Builder& b, ValueId x) { return b.node("Clip", "c", {x}); },  // infinities
      [](Builder& b, ValueId x) { return b.mul("m", x, b.scalar("zero", 0)); },
      [](Builder& b, ValueId x) { return b.add("a", x, b.scalar("one", 1)); },
      [](Builder& b, ValueId x) {
        return b.node("Div", "d", {b.scalar("one", 1), x});
      },
      [](Builder& b, ValueId x) {
        return b.node("Sub", "s", {b.scalar("zero", 0), x});
      },
      [](Builder& b, ValueId x) {
        return b.mul("w", x, b.constant("c", floats({1, 1, 1, 1}, {1})));
      },
  };
  for (const auto& add : cases) {
    Sandwich s;
    const ValueId out = add(s.b, s.in);
    const std::string op = s.b.graph().nodes().back().op;
    SCOPED_TRACE(op);
    EXPECT_EQ(s.ops_around(out), "Relu " + op + " Abs");
  }
}

TEST(RemoveIdentity, AClipOfIntegersWithoutBoundsGoes) {
  Builder b;
  auto x = b.input("x", {2}, core::DataType::kInt32);
  b.output(b.node("Abs", "y", {b.node("Clip", "c", {x})}));
  EXPECT_EQ(op_list(run(b)), "Abs");
}

TEST(RemoveIdentity, ANeutralFactorBetweenTwoNamesThatMustStayIsAnIdentity) {
  Builder b;
  auto y = b.relu("y", b.input("x", {2}));
  b.output(y);
  b.output(b.mul("z", b.scalar("one", 1), y));
  EXPECT_EQ(op_list(run(b)), "Relu Identity");
}

// Squeeze-and-excite by expand_as.
TEST(RemoveIdentity, AnOperatorThatBroadcastsNeedsNoExpand) {
  Builder b;
  auto x = b.input("x", {2, 4, 3, 5});
  auto shape = b.constant("shape", int64s({2, 4, 3, 5}));
  auto gate = b.node("Expand", "e", {b.input("gate", {2, 4, 1, 1}), shape});
  b.output(b.mul("y", x, gate));
  b.output(b.node("Sub", "z", {gate, x}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[2,4,3,5] = Mul(%x, %gate)\n"
            "%z float32[2,4,3,5] = Sub(%gate, %x)\n");
}

TEST(RemoveIdentity, AnExpandThatGivesTheShapeStays) {
  Builder b;
  auto shape = b.constant("shape", int64s({2, 4}));
  auto wide = b.node("Expand", "e", {b.input("x", {1, 4}), shape});
  b.output(b.add("y", wide, b.input("row", {4})));
  b.output(b.mul("square", wide, wide));
  EXPECT_EQ(op_list(run(b)), "Expand Add Mul");
}

TEST(RemoveIdentity, AReversingSliceStays) {
  Sandwich s;
  Builder& b = s.b;
  const ValueId out =
      b.node("Slice", "s",
             {s.in, b.constant("starts", int64s({-1})), b.constant("ends", int64s({-100})),
              b.constant("axes", int64s({1})), b.constant("steps", int64s({-1}))});
  EXPECT_EQ(s.ops_around(out), "Relu Slice Abs");
}

TEST(RemoveIdentity, APadWhosePadsCancelOutInTheShapeStays) {
  Sandwich s;
  const ValueId out =
      s.b.node("Pad", "p", {s.in, s.b.constant("pads", int64s({0, 1, 0, 0, -1, 0}))});
  EXPECT_EQ(s.ops_around(out), "Relu Pad Abs");
}

TEST(RemoveIdentity, ADropoutWhoseMaskIsReadStays) {
  Builder b;
  auto dropped = b.node_of_many("Dropout", "d", {b.input("x", {2, 3})}, 2);
  b.output(b.relu("y", dropped[0]));
  b.output(dropped[1]);
  EXPECT_EQ(op_list(run(b)), "Dropout Relu");
}

TEST(RemoveIdentity, ACastToAnotherTypeStays) {
  Sandwich s;
  const ValueId out = s.b.node("Cast", "c", {s.in}, {{"to", std::int64_t{7}}});
  EXPECT_EQ(s.ops_around(out), "Relu Cast Abs");
}

TEST(RemoveIdentity, AChainOfReshapesBecomesOne) {
  Sandwich s;
  Builder& b = s.b;
  auto flat = b.node("Flatten", "flat", {s.in});
  auto wide = b.node("Unsqueeze", "wide", {flat, b.constant("axes", int64s({0}))});
  auto back = b.reshape("back", wide, {4, 6});
  b.output(b.node("Abs", "y", {back}));
  EXPECT_EQ(nodes_text(run(b)),
            "%in float32[2,3,4] = Relu(%x)\n"
            "%back float32[4,6] = Reshape(%in, %back_shape)\n"
            "%y float32[4,6] = Abs(%back)\n");
}

TEST(RemoveIdentity, AChainThatEndsWhereItBeganGoes) {
  Sandwich s;
  auto flat = s.b.node("Flatten", "flat", {s.in});
  EXPECT_EQ(s.ops_around(s.b.reshape("back", flat, {2, 3, 4})), "Relu Abs");
}

TEST(RemoveIdentity, AViewInTheMiddleOfAChainKeepsItsOtherReaders) {
  Sandwich s;
  Builder& b = s.b;
  auto flat = b.node("Flatten", "flat", {s.in});
  b.output(b.relu("z", flat));
  EXPECT_EQ(s.ops_around(b.reshape("back", flat, {4, 6})), "Relu Flatten Relu Reshape Abs");
}

TEST(RemoveIdentity, ATransposeThatMovesOnlyUnitAxesIsAReshape) {
  Builder b;
  auto pooled = b.relu("in", b.input("x", {2, 8, 1, 1}));
  b.output(b.node("Abs", "y", {b.transpose("t", pooled, {0, 2, 3, 1})}));
  EXPECT_EQ(op_list(run(b)), "Relu Reshape Abs");
}

TEST(RemoveIdentity, TwoTransposesBecomeOneOrNone) {
  {
    Sandwich s;
    auto there = s.b.transpose("there", s.in, {2, 0, 1});
    EXPECT_EQ(s.ops_around(s.b.transpose("back", there, {1, 2, 0})), "Relu Abs");
  }
  Sandwich s;
  Builder& b = s.b;
  auto there = b.transpose("there", s.in, {2, 0, 1});
  b.output(b.transpose("y", there, {2, 0, 1}));
  EXPECT_EQ(nodes_text(run(b)),
            "%in float32[2,3,4] = Relu(%x)\n"
            "%y float32[3,4,2] = Transpose(%in) perm=[1,2,0]\n");
}

TEST(RemoveIdentity, AGraphOutputKeepsItsName) {
  Builder b;
  auto in = b.relu("in", b.input("x", {2}));
  b.output(b.node("Identity", "y", {in}));
  b.output(b.node("Abs", "z", {in}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[2] = Relu(%x)\n"
            "%z float32[2] = Abs(%y)\n");
}

TEST(RemoveIdentity, BetweenTwoNamesThatMustStayTheNodeStays) {
  Builder b;
  auto x = b.input("x", {2});
  auto y = b.relu("y", x);
  b.output(y);
  b.output(b.node("Identity", "y_again", {y}));
  b.output(b.node("Identity", "x_again", {x}));
  EXPECT_EQ(op_list(run(b)), "Relu Identity Identity");
}

TEST(RemoveIdentity, IsSwitchedOff) {
  Sandwich s;
  s.b.output(s.b.node("Identity", "y", {s.in}));
  EXPECT_EQ(op_list(optimized(s.b.graph(), Passes{std::in_place})), "Relu Identity");
}

}  // namespace
}  // namespace mini_infer::test
