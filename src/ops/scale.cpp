#include "ops/scale.h"

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

// mini_infer.Scale: activation(image * gate + residual), with one gate per image and channel, as
// squeeze-and-excitation has them. Attributes: layout, "NCHW" (default) or "NHWC", and those of
// ops::Activation. The residual may be left out.
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Status;

Status infer_scale(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 3));
  MI_TRY(scale_geometry(context).status());
  return infer_same_as_first(context);
}

constexpr OpDef kTable[] = {
    {.type = "Scale",
     .domain = graph::kInternalDomain,
     .infer = infer_scale,
     .alias = {{{AliasKind::kOverwrite, 0, 0}, {AliasKind::kOverwrite, 0, 2}}},
     .elementwise = true},
};

}  // namespace

Result<ScaleGeometry> scale_geometry(const NodeView& view) {
  MI_TRY(expect_one_type(view));
  MI_ASSIGN(const Layout layout, layout_of(view));
  MI_ASSIGN(const Image image, image_of(view, 0, layout));
  const Image gates{image.batch, image.channels,
                    std::vector<std::int64_t>(image.spatial.size(), 1)};
  MI_TRY(expect_shape(view, 1, "gate", gates.shape(layout)));
  if (view.has_input(2)) MI_TRY(expect_shape(view, 2, "residual", view.input_shape(0)));
  const std::int64_t maps = image.batch * image.channels;
  const std::int64_t positions = maps == 0 ? 0 : view.input_shape(0).elements() / maps;
  if (layout == Layout::kNchw) return ScaleGeometry{.rows = maps, .length = positions};
  return ScaleGeometry{.rows = image.batch * positions,
                       .length = image.channels,
                       .rows_per_gates = positions,
                       .gate_per_element = true};
}

extern constinit const std::span<const OpDef> kScaleOps = kTable;

}  // namespace mini_infer::ops
