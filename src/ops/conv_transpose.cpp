#include "ops/conv_transpose.h"

#include "ops/op_def.h"

namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

Status infer_conv_transpose(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 3));
  MI_ASSIGN(ConvTransposeGeometry geometry, conv_transpose_geometry(context));
  context.set_output(0, context.input_type(0), std::move(geometry.output_shape));
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {{.type = "ConvTranspose", .since = 1, .infer = infer_conv_transpose}};

Status check_channels(const NodeView& view, const ConvTransposeGeometry& geometry) {
  if (geometry.groups < 1 || geometry.channels % geometry.groups != 0) {
    return view.fail("group " + std::to_string(geometry.groups) + " does not divide " +
                     std::to_string(geometry.channels) + " channels");
  }
  if (view.input_shape(1)[0] != geometry.channels) {
    return view.fail("weights (input 1) " + view.input_shape(1).to_string() + ": expected " +
                     std::to_string(geometry.channels) + " channels, found " +
                     std::to_string(view.input_shape(1)[0]));
  }
  return Status::SUCCESS;
}

}  // namespace

Result<ConvTransposeGeometry> conv_transpose_geometry(const NodeView& view) {
  MI_TRY(expect_one_type(view));
  MI_ASSIGN(const Image input, image_of(view, 0, Layout::kNchw));
  MI_ASSIGN(const auto kernel, kernel_of(view, input.rank()));
  ConvTransposeGeometry geometry;
  geometry.batch = input.batch;
  geometry.channels = input.channels;
  geometry.groups = view.node().get_int("group", 1);
  MI_TRY(check_channels(view, geometry));
  if (__builtin_mul_overflow(view.input_shape(1)[1], geometry.groups, &geometry.filters)) {
    return view.fail("group " + std::to_string(geometry.groups) + " gives no number of filters");
  }
  MI_ASSIGN(geometry.window, spreading_window(view, input.spatial, kernel));
  const Image output = {.batch = input.batch,
                        .channels = geometry.filters,
                        .spatial = output_extents(geometry.window, input.rank())};
  geometry.output_shape = output.shape(Layout::kNchw);
  if (view.has_input(2)) MI_TRY(expect_shape(view, 2, "bias", Shape{geometry.filters}));
  return geometry;
}

extern constinit const std::span<const OpDef> kConvTransposeOps = kTable;

}  // namespace mini_infer::ops
