#include "ops/matmul.h"

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

// MatMul, and what the optimiser makes of it:
//
// mini_infer.MatMul: Y = activation(A * B + bias + R). Inputs A, B (two axes at least when there is
// a bias), bias (optional, 1-D over the last axis of Y) and R (optional, the shape of Y);
// attributes of ops::Activation.
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

Status infer_matmul(InferContext& context) {
  const bool fused = context.node().domain == graph::kInternalDomain;
  MI_TRY(context.expect_inputs(2, fused ? 4 : 2));
  MI_ASSIGN(MatMulGeometry geometry, matmul_geometry(context));
  context.set_output(0, context.input_type(0), std::move(geometry.output_shape));
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {
    {.type = "MatMul", .since = 1, .infer = infer_matmul},
    {.type = "MatMul",
     .domain = graph::kInternalDomain,
     .infer = infer_matmul,
     .alias = {{{AliasKind::kOverwrite, 0, 3}}}},
};

Shape all_but_last_two(const Shape& shape) {
  return Shape(std::vector<std::int64_t>(shape.begin(), shape.end() - 2));
}

// One matrix for the whole stack: the rows of A simply follow each other.
void fold_batch_into_rows(MatMulGeometry& geometry) {
  geometry.rows *= geometry.batch.elements();
  geometry.batch = Shape{};
  geometry.a_skip.clear();
  geometry.b_skip.clear();
}

Status check_fused_inputs(const NodeView& view, const MatMulGeometry& geometry) {
  if (view.has_input(2)) {
    if (view.input_shape(1).rank() < 2) return view.unsupported("a bias beside a vector B");
    MI_TRY(expect_shape(view, 2, "bias", Shape{geometry.columns}));
  }
  if (view.has_input(3)) MI_TRY(expect_shape(view, 3, "residual", geometry.output_shape));
  return Status::SUCCESS;
}

}  // namespace

Result<MatMulGeometry> matmul_geometry(const NodeView& view) {
  MI_TRY(expect_one_type(view));
  std::vector<std::int64_t> left = view.input_shape(0).dims();
  std::vector<std::int64_t> right = view.input_shape(1).dims();
  const std::string shapes =
      view.input_shape(0).to_string() + " and " + view.input_shape(1).to_string();
  if (left.empty() || right.empty()) return view.fail("expected no scalar, found " + shapes);
  const bool left_is_vector = left.size() == 1;
  const bool right_is_vector = right.size() == 1;
  if (left_is_vector) left.insert(left.begin(), 1);
  if (right_is_vector) right.push_back(1);

  const Shape a(std::move(left));
  const Shape b(std::move(right));
  MatMulGeometry geometry;
  geometry.rows = a[a.rank() - 2];
  geometry.depth = a[a.rank() - 1];
  geometry.columns = b[b.rank() - 1];
  if (b[b.rank() - 2] != geometry.depth) return view.fail(shapes + " do not multiply");
  const Shape a_batch = all_but_last_two(a);
  const Shape b_batch = all_but_last_two(b);
  auto batch = broadcast(a_batch, b_batch);
  if (!batch) return view.fail("the stacks " + shapes + " do not broadcast");

  std::vector<std::int64_t> output = batch->dims();
  if (!left_is_vector) output.push_back(geometry.rows);
  if (!right_is_vector) output.push_back(geometry.columns);
  geometry.output_shape = Shape(std::move(output));
  geometry.batch = std::move(*batch);
  geometry.a_skip = broadcast_strides(a_batch, geometry.batch);
  geometry.b_skip = broadcast_strides(b_batch, geometry.batch);
  MI_TRY(check_fused_inputs(view, geometry));
  if (b_batch.rank() == 0) fold_batch_into_rows(geometry);
  return geometry;
}

extern constinit const std::span<const OpDef> kMatMulOps = kTable;

}  // namespace mini_infer::ops
