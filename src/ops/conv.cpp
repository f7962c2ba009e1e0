#include "ops/conv.h"

#include "ops/op_def.h"

// Conv, and what the optimiser makes of it:
//
// mini_infer.Conv: Y = activation(conv(X, W) + B + R). Inputs X, W, B (optional) and R (optional,
// the shape of Y). Attributes of Conv, those of ops::Activation, and
//   layout    "NCHW" (default) or "NHWC": X [N, spatial..., C], Y and R [N, spatial..., M]; W is
//             [M, C / group, spatial...] as ever, and a constant, which backends pack as they like
//   x_layout  "NCHW" beside layout "NHWC": X is still [N, C, spatial...], so that the first
//             convolution of a network reads the model's input without a transposed copy
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

// The weights taken apart.
struct Filters {
  std::int64_t count = 0;     // M
  std::int64_t channels = 0;  // C / group
  std::vector<std::int64_t> kernel;
};

Result<Filters> filters_of(const NodeView& view, int spatial_rank) {
  Filters filters;
  MI_ASSIGN(filters.kernel, kernel_of(view, spatial_rank));
  filters.count = view.input_shape(1)[0];
  filters.channels = view.input_shape(1)[1];
  return filters;
}

Status check_groups(const NodeView& view, const Image& input, const Filters& filters,
                    std::int64_t groups) {
  if (groups < 1) return view.fail("group " + std::to_string(groups) + " is not positive");
  if (input.channels % groups != 0 || filters.count % groups != 0) {
    return view.fail("group " + std::to_string(groups) + " does not divide " +
                     std::to_string(input.channels) + " channels and " +
                     std::to_string(filters.count) + " filters");
  }
  if (filters.channels != input.channels / groups) {
    return view.fail("weights (input 1) " + view.input_shape(1).to_string() + ": expected " +
                     std::to_string(input.channels / groups) + " channels per group, found " +
                     std::to_string(filters.channels));
  }
  return Status::SUCCESS;
}

Status check_gathered(const NodeView& view, const Filters& filters) {
  std::int64_t elements = filters.channels;
  for (std::int64_t extent : filters.kernel) elements *= extent;
  if (elements <= kMostGathered) return Status::SUCCESS;
  return view.fail("x_layout \"NCHW\": expected at most " + std::to_string(kMostGathered) +
                   " elements under a window, found " + std::to_string(elements));
}

Result<Layout> input_layout_of(const NodeView& view, Layout layout) {
  if (layout == Layout::kNchw || view.node().find<std::string>("x_layout") == nullptr) {
    return layout;
  }
  return layout_of(view, "x_layout");
}

Status infer_conv(InferContext& context) {
  const bool fused = context.node().domain == graph::kInternalDomain;
  MI_TRY(context.expect_inputs(2, fused ? 4 : 3));
  MI_ASSIGN(const ConvGeometry geometry, conv_geometry(context));
  context.set_output(0, context.input_type(0), geometry.output_shape);
  return Status::SUCCESS;
}

// Channels last, a pixel is a row. The residual is read where the output goes.
PitchedSlots pitched_pixels(const NodeView& view) {
  const auto layout = layout_of(view);
  if (!layout.ok() || *layout != Layout::kNhwc) return {};
  const auto input_layout = input_layout_of(view, *layout);
  const bool input = input_layout.ok() && *input_layout == Layout::kNhwc;
  return {.inputs = input ? inputs(0) : 0, .output = !view.has_input(3)};
}

constexpr OpDef kTable[] = {
    {.type = "Conv", .since = 1, .infer = infer_conv},
    {.type = "Conv",
     .domain = graph::kInternalDomain,
     .infer = infer_conv,
     .alias = {{{AliasKind::kOverwrite, 0, 3}}},
     .pitched = pitched_pixels},
};

}  // namespace

Result<ConvGeometry> conv_geometry(const NodeView& view) {
  MI_TRY(expect_one_type(view));
  ConvGeometry geometry;
  MI_ASSIGN(geometry.layout, layout_of(view));
  MI_ASSIGN(geometry.input_layout, input_layout_of(view, geometry.layout));
  MI_ASSIGN(const Image input, image_of(view, 0, geometry.input_layout));
  MI_ASSIGN(const Filters filters, filters_of(view, input.rank()));
  geometry.groups = view.node().get_int("group", 1);
  MI_TRY(check_groups(view, input, filters, geometry.groups));
  MI_ASSIGN(geometry.window, sliding_window(view, input.spatial, filters.kernel));

  if (geometry.layout == Layout::kNhwc && view.constant(1) == nullptr) {
    return view.fail("weights (input 1): expected a constant where layout is \"NHWC\"");
  }
  if (geometry.input_layout != geometry.layout) MI_TRY(check_gathered(view, filters));

  geometry.batch = input.batch;
  geometry.channels = input.channels;
  geometry.filters = filters.count;
  geometry.input_pitch = view.input_pitch(0, input.channels);
  geometry.output_pitch = view.output_pitch(0, filters.count);
  const Image output = {.batch = input.batch,
                        .channels = filters.count,
                        .spatial = output_extents(geometry.window, input.rank())};
  geometry.output_shape = output.shape(geometry.layout);
  if (view.has_input(2)) MI_TRY(expect_shape(view, 2, "bias", Shape{filters.count}));
  if (view.has_input(3)) MI_TRY(expect_shape(view, 3, "residual", geometry.output_shape));
  return geometry;
}

extern constinit const std::span<const OpDef> kConvOps = kTable;

}  // namespace mini_infer::ops
