#include "ops/op_def.h"
#include "ops/shapes.h"

// Elementwise functions of several tensors that broadcast to one shape.
namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Status;

constexpr std::array<Alias, 4> kOverEither = {{
    {AliasKind::kOverwrite, 0, 0},
    {AliasKind::kOverwrite, 0, 1},
}};
constexpr std::array<Alias, 4> kOverAny = {{
    {AliasKind::kOverwrite, 0, 0},
    {AliasKind::kOverwrite, 0, 1},
    {AliasKind::kOverwrite, 0, 2},
    {AliasKind::kOverwrite, 0, 3},
}};

std::string both_shapes(const InferContext& context) {
  return context.input_shape(0).to_string() + " and " + context.input_shape(1).to_string();
}

Status infer_binary(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  return infer_broadcast(context);
}

Status infer_comparison(InferContext& context) {
  MI_TRY(infer_binary(context));
  context.set_output(0, DataType::kBool, context.output_shape(0));
  return Status::SUCCESS;
}

Status infer_logical(InferContext& context) {
  MI_TRY(infer_binary(context));
  if (context.input_type(0) == DataType::kBool) return Status::SUCCESS;
  return context.fail(std::string("expected bool inputs, found ") +
                      core::type_name(context.input_type(0)));
}

// From opset 12 on the exponent may be of another type than the base.
Status infer_pow(InferContext& context) {
  if (context.opset() < 12) return infer_binary(context);
  MI_TRY(context.expect_inputs(2, 2));
  auto shape = broadcast(context.input_shape(0), context.input_shape(1));
  if (!shape) return context.fail("shapes " + both_shapes(context) + " do not broadcast");
  context.set_output(0, context.input_type(0), std::move(*shape));
  return Status::SUCCESS;
}

Status infer_mod(InferContext& context) {
  MI_TRY(infer_binary(context));
  if (core::is_floating(context.input_type(0)) && context.node().get_int("fmod", 0) == 0) {
    return context.fail(std::string("attribute fmod: expected 1 for ") +
                        core::type_name(context.input_type(0)) + ", found 0");
  }
  return Status::SUCCESS;
}

Status infer_shift(InferContext& context) {
  const std::string direction = context.node().get_string("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    return context.fail("attribute direction: expected 'LEFT' or 'RIGHT', found '" + direction +
                        "'");
  }
  return infer_binary(context);
}

// The slope is broadcast to the input, never the other way round.
Status infer_prelu(InferContext& context) {
  MI_TRY(infer_binary(context));
  if (context.output_shape(0) == context.input_shape(0)) return Status::SUCCESS;
  return context.fail("expected a slope that broadcasts to the input, found shapes " +
                      both_shapes(context));
}

constexpr OpDef binary(std::string_view type, Status (*infer)(InferContext&) = infer_binary) {
  return {.type = type, .infer = infer, .alias = kOverEither, .elementwise = true};
}

constexpr OpDef variadic(std::string_view type) {
  return {.type = type, .infer = infer_broadcast, .alias = kOverAny, .elementwise = true};
}

constexpr OpDef kTable[] = {
    binary("Add"),
    binary("And", infer_logical),
    binary("BitShift", infer_shift),
    binary("BitwiseAnd"),
    binary("BitwiseOr"),
    binary("BitwiseXor"),
    binary("Div"),
    binary("Equal", infer_comparison),
    binary("Greater", infer_comparison),
    binary("GreaterOrEqual", infer_comparison),
    binary("Less", infer_comparison),
    binary("LessOrEqual", infer_comparison),
    binary("Mod", infer_mod),
    binary("Mul"),
    binary("Or", infer_logical),
    binary("Pow", infer_pow),
    binary("PRelu", infer_prelu),
    binary("Sub"),
    binary("Xor", infer_logical),
    variadic("Max"),
    variadic("Mean"),
    variadic("Min"),
    variadic("Sum"),
};

}  // namespace

extern constinit const std::span<const OpDef> kBinaryOps = kTable;

}  // namespace mini_infer::ops
