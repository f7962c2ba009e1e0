#include "ops/op_def.h"
#include "ops/shapes.h"

// Elementwise functions of one tensor.
namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Status;

constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

Status infer_unary(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  return infer_same_as_first(context);
}

Status infer_not(InferContext& context) {
  MI_TRY(infer_unary(context));
  if (context.input_type(0) == DataType::kBool) return Status::SUCCESS;
  return context.fail(std::string("expected bool, found ") +
                      core::type_name(context.input_type(0)));
}

Status infer_test(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  context.set_output(0, DataType::kBool, context.input_shape(0));
  return Status::SUCCESS;
}

Status infer_gelu(InferContext& context) {
  const std::string approximate = context.node().get_string("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    return context.fail("attribute approximate: expected 'none' or 'tanh', found '" + approximate +
                        "'");
  }
  return infer_unary(context);
}

Status expect_bound(const InferContext& context, int slot) {
  if (!context.has_input(slot)) return Status::SUCCESS;
  if (context.input_type(slot) == context.input_type(0) &&
      context.input_shape(slot).elements() == 1) {
    return Status::SUCCESS;
  }
  return context.fail("input " + std::to_string(slot) + ": expected one " +
                      core::type_name(context.input_type(0)) + ", found " +
                      core::type_name(context.input_type(slot)) +
                      context.input_shape(slot).to_string());
}

Status infer_clip(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 3));
  MI_TRY(expect_bound(context, 1));
  MI_TRY(expect_bound(context, 2));
  return infer_same_as_first(context);
}

constexpr OpDef unary(std::string_view type, Status (*infer)(InferContext&) = infer_unary) {
  return {.type = type, .infer = infer, .alias = kInPlace, .elementwise = true};
}

constexpr OpDef test(std::string_view type) {
  return {.type = type, .infer = infer_test, .elementwise = true};
}

constexpr OpDef kTable[] = {
    unary("Abs"),
    unary("Acos"),
    unary("Acosh"),
    unary("Asin"),
    unary("Asinh"),
    unary("Atan"),
    unary("Atanh"),
    unary("BitwiseNot"),
    unary("Ceil"),
    unary("Celu"),
    unary("Clip", infer_clip),
    unary("Cos"),
    unary("Cosh"),
    unary("Elu"),
    unary("Erf"),
    unary("Exp"),
    unary("Floor"),
    unary("Gelu", infer_gelu),
    unary("HardSigmoid"),
    unary("HardSwish"),
    unary("LeakyRelu"),
    unary("Log"),
    unary("Mish"),
    unary("Neg"),
    unary("Not", infer_not),
    unary("Reciprocal"),
    unary("Relu"),
    unary("Round"),
    unary("Selu"),
    unary("Shrink"),
    unary("Sigmoid"),
    unary("Sign"),
    unary("Sin"),
    unary("Sinh"),
    unary("Softplus"),
    unary("Softsign"),
    unary("Sqrt"),
    unary("Swish"),
    unary("Tan"),
    unary("Tanh"),
    unary("ThresholdedRelu"),
    test("IsInf"),
    test("IsNaN"),
};

}  // namespace

extern constinit const std::span<const OpDef> kUnaryOps = kTable;

}  // namespace mini_infer::ops
