#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::kNoValue;
using graph::ValueId;
using Ints = std::vector<std::int64_t>;

struct Padded {
  Builder b;
  ValueId x = b.input("x", {1, 3, 6, 6});
  Builder::Attributes conv = {{"pads", Ints{0, 0, 0, 0}}};

  ValueId pad(Ints pads, Builder::Attributes attributes = {}) {
    return b.node("Pad", "p", {x, b.constant("pads", int64s(std::move(pads)))},
                  std::move(attributes));
  }
  std::string text(ValueId padded) {
    b.output(b.conv("y", padded, {4, 3, 3, 3}, conv));
    return nodes_text(optimized(b.graph(), {{"merge-pad"}}));
  }
  std::string ops(ValueId padded) {
    b.output(b.conv("y", padded, {4, 3, 3, 3}, conv));
    return op_list(optimized(b.graph(), {{"merge-pad"}}));
  }
};

TEST(MergePad, TheConvolutionPads) {
  Padded t;
  EXPECT_EQ(t.text(t.pad({0, 0, 0, 1, 0, 0, 2, 3})),
            "%y float32[1,4,6,8] = Conv(%x, %y_w) pads=[0,1,2,3]\n");
}

TEST(MergePad, PadsAddUp) {
  Padded t;
  t.conv["pads"] = Ints{1, 0, 0, 1};
  EXPECT_EQ(t.text(t.pad({0, 0, 1, 1, 0, 0, 1, 1})),
            "%y float32[1,4,7,7] = Conv(%x, %y_w) pads=[2,1,1,2]\n");
}

TEST(MergePad, AfterWhichTheConvolutionIsValid) {
  Padded t;
  t.conv = {{"auto_pad", std::string("VALID")}};
  EXPECT_EQ(t.ops(t.pad({0, 0, 1, 1, 0, 0, 1, 1})), "Conv");
}

TEST(MergePad, InOldOpsets) {
  Padded t;
  EXPECT_EQ(t.ops(t.b.node("Pad", "p", {t.x}, {{"pads", Ints{0, 0, 1, 1, 0, 0, 1, 1}}}, 9)),
            "Conv");
}

TEST(MergePad, PaddingOfOtherAxesStays) {
  Padded t;
  t.x = t.b.input("z", {1, 2, 6, 6});
  EXPECT_EQ(t.ops(t.pad({0, 1, 1, 1, 0, 0, 1, 1})), "Pad Conv");
}

TEST(MergePad, CroppingStays) {
  Padded t;
  EXPECT_EQ(t.ops(t.pad({0, 0, -1, 1, 0, 0, 1, 1})), "Pad Conv");
}

TEST(MergePad, OtherValuesStay) {
  Padded t;
  auto pads = t.b.constant("pads", int64s({0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(t.ops(t.b.node("Pad", "p", {t.x, pads, t.b.scalar("one", 1)})), "Pad Conv");
}

TEST(MergePad, OtherModesStay) {
  Padded t;
  EXPECT_EQ(t.ops(t.pad({0, 0, 1, 1, 0, 0, 1, 1}, {{"mode", std::string("edge")}})), "Pad Conv");
}

TEST(MergePad, APadWhoseAxesAreNamedStays) {
  Padded t;
  auto pads = t.b.constant("pads", int64s({1, 1, 1, 1}));
  auto axes = t.b.constant("axes", int64s({2, 3}));
  EXPECT_EQ(t.ops(t.b.node("Pad", "p", {t.x, pads, kNoValue, axes}, {}, 18)), "Pad Conv");
}

TEST(MergePad, AConvolutionThatPadsByItselfStays) {
  Padded t;
  t.conv = {{"auto_pad", std::string("SAME_UPPER")}, {"pads", Ints{}}};
  EXPECT_EQ(t.ops(t.pad({0, 0, 1, 1, 0, 0, 1, 1})), "Pad Conv");
}

TEST(MergePad, APaddedImageThatSomebodyElseReadsStays) {
  Padded t;
  auto padded = t.pad({0, 0, 1, 1, 0, 0, 1, 1});
  t.b.output(t.b.relu("z", padded));
  EXPECT_EQ(t.ops(padded), "Pad Relu Conv");
}

}  // namespace
}  // namespace mini_infer::test
