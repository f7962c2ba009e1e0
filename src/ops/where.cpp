#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Status;

Status infer_where(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 3));
  if (context.input_type(0) != DataType::kBool) {
    return context.fail(std::string("condition: expected bool, found ") +
                        core::type_name(context.input_type(0)));
  }
  if (context.input_type(1) != context.input_type(2)) {
    return context.fail(std::string("X and Y differ in type: ") +
                        core::type_name(context.input_type(1)) + " and " +
                        core::type_name(context.input_type(2)));
  }
  auto shape = broadcast(context.input_shape(1), context.input_shape(2));
  if (shape) shape = broadcast(context.input_shape(0), *shape);
  if (!shape) {
    return context.fail("shapes " + context.input_shape(0).to_string() + ", " +
                        context.input_shape(1).to_string() + " and " +
                        context.input_shape(2).to_string() + " do not broadcast");
  }
  context.set_output(0, context.input_type(1), std::move(*shape));
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {{
    .type = "Where",
    .infer = infer_where,
    .alias = {{{AliasKind::kOverwrite, 0, 1}, {AliasKind::kOverwrite, 0, 2}}},
    .elementwise = true,
}};

}  // namespace

extern constinit const std::span<const OpDef> kWhereOps = kTable;

}  // namespace mini_infer::ops
