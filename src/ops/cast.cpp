#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Status;

constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

bool is_element_type(std::int64_t number) {
  if (number < 0 || number > INT32_MAX) return false;
  const auto type = static_cast<DataType>(number);
  return type == DataType::kString || core::bits_per_element(type) > 0;
}

Status infer_cast(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  const auto* to = context.node().find<std::int64_t>("to");
  if (to == nullptr) return context.fail("attribute to is missing");
  if (!is_element_type(*to)) {
    return context.fail("attribute to: " + std::to_string(*to) + " is not an element type");
  }
  context.set_output(0, static_cast<DataType>(*to), context.input_shape(0));
  return Status::SUCCESS;
}

Status infer_cast_like(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  context.set_output(0, context.input_type(1), context.input_shape(0));
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {
    {
        .type = "Cast",
        .infer = infer_cast,
        .alias = kInPlace,
        .elementwise = true,
    },
    {
        .type = "CastLike",
        .infer = infer_cast_like,
        .alias = kInPlace,
        .elementwise = true,
        .shape_inputs = inputs(1),
    },
};

}  // namespace

extern constinit const std::span<const OpDef> kCastOps = kTable;

}  // namespace mini_infer::ops
