#include "cpu/simd/code/normalize.h"

#include "cpu/simd/code/vector.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

struct Itself {
  MI_MEMBER double operator()(double x) const { return x; }
};
struct Square {
  MI_MEMBER double operator()(double x) const { return x * x; }
};

// In parts side by side.
template <typename Stored, typename Term>
double sum(const Runs& runs, double centre) {
  constexpr int kParts = 32;
  double parts[kParts] = {};
  for (std::int64_t run = 0; run < runs.count; ++run) {
    const Stored* x = static_cast<const Stored*>(runs.first) + run * runs.step;
    std::int64_t i = 0;
    for (; i + kParts <= runs.length; i += kParts) {
      for (int part = 0; part < kParts; ++part) {
        parts[part] += Term{}(static_cast<double>(ops::widened(x[i + part])) - centre);
      }
    }
    for (int part = 0; i < runs.length; ++i, ++part) {
      parts[part] += Term{}(static_cast<double>(ops::widened(x[i])) - centre);
    }
  }
  for (int half = kParts / 2; half > 0; half /= 2) {
    for (int part = 0; part < half; ++part) parts[part] += parts[part + half];
  }
  return parts[0];
}

template <typename Stored, typename Parameter>
void normalize(const NormalizeArgs& args) {
  const auto* x = static_cast<const Stored*>(args.x);
  const auto* scale = static_cast<const Parameter*>(args.scale);
  const auto* bias = static_cast<const Parameter*>(args.bias);
  auto* y = static_cast<Stored*>(args.y);
  const auto scaled = [&](std::int64_t i) MI_INLINE_LAMBDA {
    return (ops::widened(x[i]) - args.mean) * args.factor * ops::widened(scale[i]);
  };
  if (bias == nullptr) {
    MI_INDEPENDENT for (std::int64_t i = 0; i < args.extent; ++i) {
      y[i] = ops::convert<Stored>(scaled(i));
    }
  } else {
    MI_INDEPENDENT for (std::int64_t i = 0; i < args.extent; ++i) {
      y[i] = ops::convert<Stored>(scaled(i) + ops::widened(bias[i]));
    }
  }
}

template <typename Stored, typename... Parameters>
void list_normalize(NormalizeFunction* functions, Types<Parameters...>) {
  ((*functions++ = normalize<Stored, Parameters>), ...);
}

template <typename... Stored>
void list_for(Simd& simd, Types<Stored...>) {
  FloatLoops* loops = simd.loops;
  ((loops->sum = sum<Stored, Itself>, loops->sum_of_squares = sum<Stored, Square>,
    list_normalize<Stored>(loops++->normalize, StoredFloats{})),
   ...);
}

}  // namespace

void list_normalizations(Simd& simd) noexcept { list_for(simd, StoredFloats{}); }

}  // namespace mini_infer::cpu::MI_ISA
