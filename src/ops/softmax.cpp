#include "ops/softmax.h"

#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

constexpr int kAlongOneAxis = 13;  // the opset since which Softmax does not flatten

core::Status infer_softmax(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  MI_TRY(softmax_geometry(context).status());
  return infer_same_as_first(context);
}

constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

constexpr OpDef kTable[] = {
    {.type = "Softmax", .since = 1, .infer = infer_softmax, .alias = kInPlace},
    {.type = "LogSoftmax", .since = 1, .infer = infer_softmax, .alias = kInPlace},
};

}  // namespace

core::Result<SoftmaxGeometry> softmax_geometry(const NodeView& view) {
  const core::Shape& shape = view.input_shape(0);
  const bool one_axis = view.opset() >= kAlongOneAxis;
  const std::int64_t stated = view.node().get_int("axis", one_axis ? -1 : 1);
  // A flattening axis may lie behind the last one; a scalar is one row of one element.
  const bool behind = !one_axis && stated == shape.rank();
  if (shape.rank() == 0 || behind) return SoftmaxGeometry{.outer = shape.elements()};
  MI_ASSIGN(const int axis, normalize_axis(view, stated, shape.rank()));
  if (!one_axis) {
    return SoftmaxGeometry{.outer = shape.elements(0, axis),
                           .extent = shape.elements(axis, shape.rank())};
  }
  return SoftmaxGeometry{.outer = shape.elements(0, axis),
                         .extent = shape[axis],
                         .inner = shape.elements(axis + 1, shape.rank())};
}

extern constinit const std::span<const OpDef> kSoftmaxOps = kTable;

}  // namespace mini_infer::ops
