#include "cpu/simd/code/activate.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

template <typename Function>
void map(const ActivatedRows& of, Function function) {
  for (std::int64_t row = 0; row < of.rows; ++row) {
    float* y = of.y + row * of.row_step;
    for (std::int64_t i = 0; i < of.columns; ++i) y[i] = function(y[i]);
  }
}

}  // namespace

// The kind is looked at once, so that each loop is vector code.
void activate_rows(const ops::Activation& activation, const ActivatedRows& rows) {
  if (activation.kind == ops::Activation::Kind::kNone) return;
  ops::with_functor(activation, [&](auto function) { map(rows, function); });
}

void activate(const ops::Activation& activation, float* y, std::int64_t count) {
  activate_rows(activation, {.y = y, .columns = count});
}

}  // namespace mini_infer::cpu::MI_ISA
