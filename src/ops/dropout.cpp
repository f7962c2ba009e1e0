#include "ops/dropout.h"

#include "ops/op_def.h"
#include "ops/scalar.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Result;
using core::Status;

Result<bool> training_mode(const NodeView& view) {
  if (view.opset() < 12 || !view.has_input(2)) return false;
  const core::Tensor* tensor = view.constant(2);
  if (tensor == nullptr) {
    return view.unsupported("a training_mode that is not known before planning");
  }
  if (tensor->type() != DataType::kBool || tensor->elements() != 1) {
    return view.fail(std::string("training_mode: expected one bool, found ") +
                     core::type_name(tensor->type()) + tensor->shape().to_string());
  }
  return tensor->bytes()[0] != std::byte{0};
}

Status infer_dropout(InferContext& context) {
  MI_TRY(context.expect_inputs(1, context.opset() < 12 ? 1 : 3));
  MI_TRY(dropout_of(context).status());
  const DataType mask = context.opset() < 10 ? context.input_type(0) : DataType::kBool;
  context.set_output(0, context.input_type(0), context.input_shape(0));
  context.set_output(1, mask, context.input_shape(0));
  return Status::SUCCESS;
}

bool drops_nothing(const NodeView& view) {
  auto dropout = dropout_of(view);
  return dropout.ok() && dropout->ratio == 0;
}

// Foldable although it is random by name: the seed is a fact of the node, so that a constant gives
// the same output whether it is dropped while building or at every run.
constexpr OpDef kTable[] = {{.type = "Dropout",
                             .infer = infer_dropout,
                             .alias = {{{AliasKind::kView, 0, 0}}},
                             .alias_holds = drops_nothing,
                             .value_inputs = inputs(1, 2)}};

}  // namespace

extern constinit const std::span<const OpDef> kDropoutOps = kTable;

Result<Dropout> dropout_of(const NodeView& view) {
  MI_ASSIGN(const bool training, training_mode(view));
  if (!training) return Dropout{};
  Dropout dropout{.ratio = 0.5, .seed = 0};
  if (view.has_input(1)) {
    MI_ASSIGN(dropout.ratio, real_scalar(view, 1));
  }
  if (!(dropout.ratio >= 0 && dropout.ratio < 1)) {
    return view.fail("ratio: expected a number in [0, 1), found " + std::to_string(dropout.ratio));
  }
  dropout.seed = static_cast<std::uint64_t>(view.node().get_int("seed", 0));
  return dropout;
}

}  // namespace mini_infer::ops
