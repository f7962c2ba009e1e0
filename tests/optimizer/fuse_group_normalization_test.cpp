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

// GroupNorm(2 groups) of an image of 4 channels, as PyTorch writes it.
struct Written {
  Builder b;
  ValueId x = b.input("x", {2, 4, 3, 5});

  ValueId instances(ValueId of, std::int64_t groups = 2) {
    return b.node("InstanceNormalization", "i",
                  {of, b.weights("is", {groups}), b.weights("ib", {groups})}, {{"epsilon", 0.5f}});
  }
  ValueId whole(ValueId instances) { return b.reshape("whole", instances, {2, 4, 3, 5}); }
  ValueId groups() { return b.reshape("groups", x, {0, 2, -1}); }
  ValueId shifted(ValueId value, Shape scale = {4, 1, 1}) {
    auto scaled = b.mul("scaled", value, b.weights("gamma", std::move(scale)));
    return b.add("y", scaled, b.weights("beta", {4, 1, 1}));
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

TEST(FuseGroupNormalization, AsPyTorchWritesIt) {
  Written w;
  EXPECT_EQ(w.text(w.shifted(w.whole(w.instances(w.groups())))),
            "%y float32[2,4,3,5] = GroupNormalization(%x, %i_scale, %i_bias) epsilon=0.5 "
            "num_groups=2\n");
}

TEST(FuseGroupNormalization, WithoutScaleAndShift) {
  Written w;
  EXPECT_EQ(w.ops(w.whole(w.instances(w.groups()))), "GroupNormalization");
}

TEST(FuseGroupNormalization, AScaleAlongAnotherAxisStays) {
  Written w;
  EXPECT_EQ(w.ops(w.shifted(w.whole(w.instances(w.groups())), {5})), "GroupNormalization Mul Add");
}

TEST(FuseGroupNormalization, GroupsOfSamplesStay) {
  Written w;
  auto groups = w.b.reshape("groups", w.x, {4, 2, -1});
  EXPECT_EQ(w.ops(w.whole(w.instances(groups))), "Reshape InstanceNormalization Reshape");
}

TEST(FuseGroupNormalization, GroupsThatCutChannelsStay) {
  Written w;
  auto groups = w.b.reshape("groups", w.x, {2, 3, -1});
  EXPECT_EQ(w.ops(w.whole(w.instances(groups, 3))), "Reshape InstanceNormalization Reshape");
}

TEST(FuseGroupNormalization, AnotherShapeBehindStays) {
  Written w;
  auto flat = w.b.reshape("whole", w.instances(w.groups()), {2, 4, 15});
  EXPECT_EQ(w.ops(flat), "Reshape InstanceNormalization Reshape");
}

TEST(FuseGroupNormalization, InstancesThatSomebodyElseReadsStay) {
  Written w;
  auto instances = w.instances(w.groups());
  w.b.output(instances);
  EXPECT_EQ(w.ops(w.whole(instances)), "Reshape InstanceNormalization Reshape");
}

TEST(FuseGroupNormalization, AScaleThatIsNotConstantStays) {
  Written w;
  auto instances = w.b.node("InstanceNormalization", "i",
                            {w.groups(), w.b.input("is", {2}), w.b.weights("ib", {2})});
  EXPECT_EQ(w.ops(w.whole(instances)), "Reshape InstanceNormalization Reshape");
}

// A block of a diffusion model's UNet stays channels last.
TEST(FuseGroupNormalization, BetweenConvolutionsNothingIsTransposed) {
  Written w;
  w.x = w.b.conv("c", w.b.input("image", {2, 3, 3, 5}), {4, 3, 3, 3});
  auto normalized = w.shifted(w.whole(w.instances(w.groups())));
  auto silu = w.b.mul("silu", normalized, w.b.node("Sigmoid", "gate", {normalized}));
  auto pooled = w.b.node("GlobalAveragePool", "pooled", {w.b.conv("d", silu, {4, 4, 3, 3})});
  w.b.output(pooled);
  const graph::Graph graph = optimized(w.b.graph());
  EXPECT_EQ(op_list(graph),
            "mini_infer.Conv mini_infer.GroupNormalization Swish mini_infer.Conv "
            "mini_infer.GlobalAveragePool Reshape");
  EXPECT_EQ(transposed_bytes(graph), 0);
}

TEST(FuseGroupNormalization, InstancesBetweenConvolutionsStayChannelsLast) {
  Builder b;
  auto c = b.conv("c", b.input("image", {2, 3, 4, 5}), {6, 3, 3, 3});
  auto n = b.node("InstanceNormalization", "n", {c, b.weights("s", {6}), b.weights("b", {6})});
  b.output(b.node("GlobalAveragePool", "y", {b.conv("d", n, {4, 6, 3, 3})}));
  const graph::Graph graph = optimized(b.graph());
  EXPECT_EQ(op_list(graph),
            "mini_infer.Conv mini_infer.GroupNormalization mini_infer.Conv "
            "mini_infer.GlobalAveragePool Reshape");
  EXPECT_EQ(transposed_bytes(graph), 0);
}

TEST(FuseGroupNormalization, AScalePerGroupStaysChannelsFirst) {
  Builder b;
  auto c = b.conv("c", b.input("image", {2, 3, 4, 5}), {6, 3, 3, 3});
  auto n = b.node("GroupNormalization", "n", {c, b.weights("s", {2}), b.weights("b", {2})},
                  {{"num_groups", std::int64_t{2}}}, 18);
  b.output(b.conv("y", n, {4, 6, 3, 3}));
  EXPECT_EQ(op_list(optimized(b.graph())),
            "mini_infer.Conv Transpose GroupNormalization Transpose mini_infer.Conv Transpose");
}

}  // namespace
}  // namespace mini_infer::test
