#include "ops/channel_normalization.h"

#include "ops/op_def.h"
#include "ops/shapes.h"

// Normalisations over the channel axis; BatchNormalization, GroupNormalization (with a scale per
// channel) and LRN also in the domain mini_infer, with the attribute `layout`, "NCHW" (default) or
// "NHWC".
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

constexpr int kScalePerChannel = 21;  // the opset since which GroupNormalization scales channels

Status infer_batch_normalization(InferContext& context) {
  MI_TRY(context.expect_inputs(5, 5));
  const bool training = context.node().get_int("training_mode", 0) != 0;
  for (int slot = 1; slot < context.output_count(); ++slot) {
    if (!context.has_output(slot)) continue;
    if (!training) return context.unsupported("statistics without training_mode");
    if (slot > 2) return context.fail("output " + std::to_string(slot) + " does not exist");
    context.set_output(slot, context.input_type(slot + 2), context.input_shape(slot + 2));
  }
  MI_TRY(batch_normalization_view(context).status());
  return infer_same_as_first(context);
}

Status infer_group_normalization(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 3));
  MI_TRY(group_normalization_geometry(context).status());
  return infer_same_as_first(context);
}

Status infer_lrn(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  MI_TRY(lrn_geometry(context).status());
  return infer_same_as_first(context);
}

// Channels last, a pixel is a row.
PitchedSlots pitched_pixels(const NodeView& view) {
  const auto layout = layout_of(view);
  if (!layout.ok() || *layout != Layout::kNhwc || view.node().get_int("spatial", 1) == 0 ||
      view.node().get_int("training_mode", 0) != 0) {
    return {};
  }
  return {.inputs = inputs(0), .output = true};
}

constexpr std::string_view kInternal = graph::kInternalDomain;
constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

constexpr OpDef kTable[] = {
    {.type = "BatchNormalization", .infer = infer_batch_normalization, .alias = kInPlace},
    {.type = "BatchNormalization",
     .domain = kInternal,
     .infer = infer_batch_normalization,
     .alias = kInPlace,
     .pitched = pitched_pixels},
    {.type = "InstanceNormalization",
     .since = 6,
     .infer = infer_group_normalization,
     .alias = kInPlace},
    {.type = "GroupNormalization",
     .since = 18,
     .infer = infer_group_normalization,
     .alias = kInPlace},
    {.type = "GroupNormalization",
     .domain = kInternal,
     .infer = infer_group_normalization,
     .alias = kInPlace},
    {.type = "LRN", .since = 1, .infer = infer_lrn},
    {.type = "LRN", .domain = kInternal, .infer = infer_lrn},
};

Status expect_channels(const NodeView& view, int rank) {
  if (view.input_shape(0).rank() >= rank) return Status::SUCCESS;
  return view.fail("expected an input of rank " + std::to_string(rank) + " or more, found " +
                   view.input_shape(0).to_string());
}

Result<std::int64_t> groups_of(const NodeView& view, std::int64_t channels) {
  if (view.node().op == "InstanceNormalization") return channels;
  const std::int64_t groups = view.node().get_int("num_groups", 0);
  if (groups < 1 || channels % groups != 0) {
    return view.fail("num_groups " + std::to_string(groups) + " does not divide " +
                     std::to_string(channels) + " channels");
  }
  return groups;
}

}  // namespace

Result<ChannelView> batch_normalization_view(const NodeView& view) {
  MI_TRY(expect_channels(view, 1));
  const Shape& input = view.input_shape(0);
  MI_ASSIGN(const Layout layout, layout_of(view));
  ChannelView channels = channel_view(input, layout);
  Shape parameter{channels.channels};
  if (view.node().get_int("spatial", 1) == 0 && input.rank() >= 2) {
    parameter = Shape(std::vector<std::int64_t>(input.begin() + 1, input.end()));
    channels = {.outer = input[0], .channels = parameter.elements()};
  }
  constexpr const char* kNames[] = {"", "scale", "bias", "mean", "variance"};
  for (int slot = 1; slot <= 4; ++slot) {
    MI_TRY(expect_shape(view, slot, kNames[slot], parameter));
  }
  return channels;
}

Result<GroupNormalizationGeometry> group_normalization_geometry(const NodeView& view) {
  MI_TRY(expect_channels(view, 2));
  MI_TRY(expect_one_type(view));
  GroupNormalizationGeometry geometry;
  MI_ASSIGN(geometry.layout, layout_of(view));
  const Shape& input = view.input_shape(0);
  geometry.view = channel_view(input, Layout::kNchw);
  if (geometry.layout == Layout::kNhwc) {
    const int last = input.rank() - 1;
    geometry.view = {input[0], input[last], input.elements(1, last)};
  }
  MI_ASSIGN(geometry.groups, groups_of(view, geometry.view.channels));
  geometry.scale_per_group =
      view.node().is("GroupNormalization") && view.opset() < kScalePerChannel;
  const Shape parameter{geometry.scale_per_group ? geometry.groups : geometry.view.channels};
  MI_TRY(expect_shape(view, 1, "scale", parameter));
  MI_TRY(expect_shape(view, 2, "bias", parameter));
  return geometry;
}

Result<LrnGeometry> lrn_geometry(const NodeView& view) {
  MI_TRY(expect_channels(view, 2));
  MI_ASSIGN(const Layout layout, layout_of(view));
  const std::int64_t size = view.node().get_int("size", 0);
  if (size < 1) return view.fail("size " + std::to_string(size) + " is not positive");
  return LrnGeometry{.view = channel_view(view.input_shape(0), layout),
                     .before = (size - 1) / 2,
                     .after = size / 2};
}

extern constinit const std::span<const OpDef> kChannelNormalizationOps = kTable;

}  // namespace mini_infer::ops
