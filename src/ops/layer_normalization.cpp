#include "ops/layer_normalization.h"

#include <algorithm>

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

// Normalisations over the last axes; in the domain mini_infer with a residual.
namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Result;
using core::Shape;
using core::Status;

constexpr int kResidual = kNormalizationResidual;

Status infer_layer_normalization(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 3));
  MI_ASSIGN(LayerNormalizationGeometry geometry, layer_normalization_geometry(context));
  context.set_output(0, context.input_type(0), context.input_shape(0));
  context.set_output(1, DataType::kFloat32, geometry.statistics);
  context.set_output(2, DataType::kFloat32, geometry.statistics);
  return Status::SUCCESS;
}

Status infer_rms_normalization(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_TRY(layer_normalization_geometry(context).status());
  context.set_output(0, context.input_type(1), context.input_shape(0));
  return Status::SUCCESS;
}

// With a residual: normalises input 0 + input 3, and output 1 is that sum.
Status infer_with_residual(InferContext& context, int parameters) {
  MI_TRY(context.expect_inputs(2, kResidual + 1));
  MI_TRY(expect_one_type(context));
  if (!context.has_input(kResidual)) return context.fail("its residual, input 3, is missing");
  MI_TRY(layer_normalization_geometry(context).status());
  for (int slot = parameters + 1; slot < kResidual; ++slot) {
    if (!context.has_input(slot)) continue;
    return context.fail("input " + std::to_string(slot) + " does not exist");
  }
  for (int slot : {0, 1}) context.set_output(slot, context.input_type(0), context.input_shape(0));
  return Status::SUCCESS;
}

Status infer_layer_normalization_with_residual(InferContext& context) {
  return infer_with_residual(context, 2);
}
Status infer_rms_normalization_with_residual(InferContext& context) {
  return infer_with_residual(context, 1);
}

constexpr std::array<Alias, 4> kOverEither = {{{AliasKind::kOverwrite, 0, 0},
                                               {AliasKind::kOverwrite, 0, kResidual},
                                               {AliasKind::kOverwrite, 1, 0},
                                               {AliasKind::kOverwrite, 1, kResidual}}};
constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

constexpr OpDef kTable[] = {
    {.type = "LayerNormalization",
     .since = 17,
     .infer = infer_layer_normalization,
     .alias = kInPlace},
    {.type = "RMSNormalization", .since = 23, .infer = infer_rms_normalization, .alias = kInPlace},
    {.type = "LayerNormalization",
     .domain = graph::kInternalDomain,
     .infer = infer_layer_normalization_with_residual,
     .alias = kOverEither},
    {.type = "RMSNormalization",
     .domain = graph::kInternalDomain,
     .infer = infer_rms_normalization_with_residual,
     .alias = kOverEither},
};

Status check_stash_type(const NodeView& view) {
  const std::int64_t type = view.node().get_int("stash_type", 1);
  if (type == static_cast<std::int64_t>(DataType::kFloat32)) return Status::SUCCESS;
  return view.unsupported("stash_type " + std::to_string(type));
}

Result<BroadcastParameter> broadcast_parameter(const NodeView& view, int slot, int axis) {
  const Shape& input = view.input_shape(0);
  const Shape& shape = view.input_shape(slot);
  if (broadcast(shape, input) != input) {
    return view.fail("input " + std::to_string(slot) + ": " + shape.to_string() +
                     " does not broadcast to the input's " + input.to_string());
  }
  BroadcastParameter parameter{.to = input, .strides = broadcast_strides(shape, input)};
  const auto row = parameter.strides.begin() + axis;
  parameter.per_row =
      shape.elements() == input.elements(axis, input.rank()) &&
      std::all_of(parameter.strides.begin(), row, [](std::int64_t stride) { return stride == 0; });
  return parameter;
}

Result<std::int64_t> checked_residual_rows(const NodeView& view, int axis) {
  const auto rows = residual_rows(view.input_shape(kResidual), view.input_shape(0), axis);
  if (rows) return *rows;
  return view.fail("residual (input 3): expected " + view.input_shape(0).to_string() +
                   ", or that without its first axes, found " +
                   view.input_shape(kResidual).to_string());
}

}  // namespace

std::optional<std::int64_t> residual_rows(const Shape& residual, const Shape& input, int axis) {
  const int missing = input.rank() - residual.rank();
  if (missing < 0) return std::nullopt;
  std::int64_t rows = 1;
  bool repeated = true;  // along all axes so far
  for (int i = 0; i < input.rank(); ++i) {
    const std::int64_t extent = i < missing ? 1 : residual[i - missing];
    repeated = repeated && extent == 1 && i < axis;
    if (!repeated && extent != input[i]) return std::nullopt;
    if (i < axis) rows *= extent;
  }
  return rows;
}

std::int64_t BroadcastParameter::offset(std::int64_t element) const {
  std::int64_t at = 0;
  for (int axis = to.rank() - 1; axis >= 0; --axis) {
    at += element % to[axis] * strides[static_cast<std::size_t>(axis)];
    element /= to[axis];
  }
  return at;
}

Result<LayerNormalizationGeometry> layer_normalization_geometry(const NodeView& view) {
  MI_TRY(check_stash_type(view));
  const Shape& input = view.input_shape(0);
  MI_ASSIGN(const int axis, normalize_axis(view, view.node().get_int("axis", -1), input.rank()));
  LayerNormalizationGeometry geometry{.rows = input.elements(0, axis),
                                      .extent = input.elements(axis, input.rank()),
                                      .statistics = input};
  for (int i = axis; i < input.rank(); ++i) geometry.statistics[i] = 1;
  MI_ASSIGN(geometry.scale, broadcast_parameter(view, 1, axis));
  if (view.has_input(2)) {
    MI_ASSIGN(geometry.bias, broadcast_parameter(view, 2, axis));
  }
  if (view.has_input(kResidual)) {
    MI_ASSIGN(geometry.residual_rows, checked_residual_rows(view, axis));
  }
  return geometry;
}

extern constinit const std::span<const OpDef> kLayerNormalizationOps = kTable;

}  // namespace mini_infer::ops
