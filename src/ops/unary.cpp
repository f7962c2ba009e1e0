#include "ops/op_def.h"
#include "ops/shapes.h"

// Elementwise functions of one tensor.
namespace mini_infer::ops {
namespace {

constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

constexpr OpDef unary(std::string_view type) {
  return {.type = type, .infer = infer_same_as_first, .alias = kInPlace, .elementwise = true};
}

constexpr OpDef kTable[] = {
    unary("Relu"), unary("LeakyRelu"),   unary("Sigmoid"),
    unary("Tanh"), unary("HardSigmoid"), unary("HardSwish"),
};

}  // namespace

extern constinit const std::span<const OpDef> kUnaryOps = kTable;

}  // namespace mini_infer::ops
