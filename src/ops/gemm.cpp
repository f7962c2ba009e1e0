#include "ops/gemm.h"

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

// Gemm, and what the optimiser makes of it:
//
// mini_infer.Gemm: Y = activation(alpha * A' * B' + beta * C + R). Inputs A, B, C (optional) and R
// (optional, the shape of Y); attributes of Gemm and those of ops::Activation.
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

Status infer_gemm(InferContext& context) {
  const bool fused = context.node().domain == graph::kInternalDomain;
  MI_TRY(context.expect_inputs(2, fused ? 4 : 3));
  if (!fused && context.opset() < 11) MI_TRY(context.expect_inputs(3, 3));
  MI_ASSIGN(const GemmGeometry geometry, gemm_geometry(context));
  context.set_output(0, context.input_type(0), Shape{geometry.rows, geometry.columns});
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {
    {.type = "Gemm", .infer = infer_gemm},
    {.type = "Gemm",
     .domain = graph::kInternalDomain,
     .infer = infer_gemm,
     .alias = {{{AliasKind::kOverwrite, 0, 3}}}},
};

}  // namespace

Result<GemmGeometry> gemm_geometry(const NodeView& view) {
  MI_TRY(expect_one_type(view));
  const Shape& a = view.input_shape(0);
  const Shape& b = view.input_shape(1);
  if (a.rank() != 2 || b.rank() != 2) {
    return view.fail("expected two matrices, found " + a.to_string() + " and " + b.to_string());
  }
  const graph::Node& node = view.node();
  GemmGeometry geometry;
  geometry.transpose_a = node.get_int("transA", 0) != 0;
  geometry.transpose_b = node.get_int("transB", 0) != 0;
  geometry.alpha = node.get_float("alpha", 1.0f);
  geometry.beta = node.get_float("beta", 1.0f);
  geometry.rows = a[geometry.transpose_a ? 1 : 0];
  geometry.depth = a[geometry.transpose_a ? 0 : 1];
  geometry.columns = b[geometry.transpose_b ? 0 : 1];
  if (b[geometry.transpose_b ? 1 : 0] != geometry.depth) {
    return view.fail("the matrices " + a.to_string() + (geometry.transpose_a ? " transposed" : "") +
                     " and " + b.to_string() + (geometry.transpose_b ? " transposed" : "") +
                     " do not multiply");
  }
  const Shape output{geometry.rows, geometry.columns};
  if (view.has_input(2) && broadcast(view.input_shape(2), output) != output) {
    return view.fail("C (input 2) " + view.input_shape(2).to_string() + " does not broadcast to " +
                     output.to_string());
  }
  if (view.has_input(3)) MI_TRY(expect_shape(view, 3, "residual", output));
  return geometry;
}

extern constinit const std::span<const OpDef> kGemmOps = kTable;

}  // namespace mini_infer::ops
