#include "ops/reduce.h"

#include <array>

#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

// The input's shape with the reduced axes at 1, or without them.
Shape remaining(const NodeView& view, const std::vector<bool>& reduced) {
  const Shape& shape = view.input_shape(0);
  const bool keep = view.node().get_int("keepdims", 1) != 0;
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!reduced[static_cast<std::size_t>(axis)]) {
      dims.push_back(shape[axis]);
    } else if (keep) {
      dims.push_back(1);
    }
  }
  return Shape(std::move(dims));
}

Status infer_reduction(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 2));
  MI_ASSIGN(Reduction reduction, reduction_of(context));
  context.set_output(0, context.input_type(0), std::move(reduction.output));
  return Status::SUCCESS;
}

Status infer_arg_reduction(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  MI_ASSIGN(ArgReduction reduction, arg_reduction_of(context));
  if (context.input_shape(0)[reduction.axis] == 0) {
    return context.fail("axis " + std::to_string(reduction.axis) + " of " +
                        context.input_shape(0).to_string() + " has no element to choose");
  }
  context.set_output(0, core::DataType::kInt64, std::move(reduction.output));
  return Status::SUCCESS;
}

constexpr OpDef reduction(std::string_view type) {
  return {.type = type, .infer = infer_reduction, .value_inputs = inputs(1)};
}

constexpr OpDef kTable[] = {
    reduction("ReduceSum"),
    reduction("ReduceMean"),
    reduction("ReduceMax"),
    reduction("ReduceMin"),
    reduction("ReduceProd"),
    reduction("ReduceL1"),
    reduction("ReduceL2"),
    reduction("ReduceSumSquare"),
    reduction("ReduceLogSum"),
    reduction("ReduceLogSumExp"),
    {.type = "ArgMax", .infer = infer_arg_reduction},
    {.type = "ArgMin", .infer = infer_arg_reduction},
};

}  // namespace

extern constinit const std::span<const OpDef> kReduceOps = kTable;

Result<Reduction> reduction_of(const NodeView& view) {
  const int rank = view.input_shape(0).rank();
  MI_ASSIGN(const auto stated, view.ints("axes", 1, {}));
  MI_ASSIGN(const auto axes, normalize_axes(view, stated, rank));
  const bool all = axes.empty() && view.node().get_int("noop_with_empty_axes", 0) == 0;
  std::vector<bool> reduced(static_cast<std::size_t>(rank), all);
  for (int axis : axes) reduced[static_cast<std::size_t>(axis)] = true;
  Shape output = remaining(view, reduced);
  return Reduction{std::move(reduced), std::move(output)};
}

ReductionPlan plan_reduction(const Shape& shape, const Reduction& reduction) {
  ReductionPlan plan;
  plan.outputs = reduction.output.elements();
  const std::vector<std::int64_t> strides = ops::strides_of(shape);
  bool last_reduced = true;
  bool first = true;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    const std::int64_t extent = shape.dims()[axis];
    const bool reduced = reduction.reduced[axis];
    if (reduced) plan.count *= extent;
    if (extent == 1) continue;
    auto& axes = reduced ? plan.reduced : plan.kept;
    if (!first && reduced == last_reduced) {
      axes.back() = {axes.back().extent * extent, strides[axis]};
    } else {
      axes.push_back({extent, strides[axis]});
    }
    last_reduced = reduced;
    first = false;
  }
  if (!last_reduced) {
    plan.lanes = plan.kept.back().extent;
    plan.kept.pop_back();
  }
  return plan;
}

Result<ArgReduction> arg_reduction_of(const NodeView& view) {
  const int rank = view.input_shape(0).rank();
  MI_ASSIGN(const int axis, normalize_axis(view, view.node().get_int("axis", 0), rank));
  std::vector<bool> reduced(static_cast<std::size_t>(rank), false);
  reduced[static_cast<std::size_t>(axis)] = true;
  const bool last = view.node().get_int("select_last_index", 0) != 0;
  return ArgReduction{axis, last, remaining(view, reduced)};
}

}  // namespace mini_infer::ops
