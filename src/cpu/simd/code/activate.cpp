#include "cpu/simd/code/activate.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

template <typename Function>
void map(float* y, std::int64_t count, Function function) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = function(y[i]);
}

}  // namespace

// The kind is looked at once, so that each loop is vector code.
void activate(const ops::Activation& activation, float* y, std::int64_t count) {
  if (activation.kind == ops::Activation::Kind::kNone) return;
  ops::with_functor(activation, [&](auto function) { map(y, count, function); });
}

}  // namespace mini_infer::cpu::MI_ISA
