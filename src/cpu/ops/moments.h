#pragma once

#include <cmath>
#include <cstdint>

// Statistics of floats, added up in double: there may be a million of them far from zero.
namespace mini_infer::cpu {

// `count` runs of `length` neighbours, the first elements `step` apart.
struct Runs {
  const float* first;
  std::int64_t length;
  std::int64_t count = 1;
  std::int64_t step = 0;

  std::int64_t elements() const { return length * count; }
};

// Σ term(x), in eight parts side by side.
template <typename Term>
double sum_of(const Runs& runs, Term term) {
  constexpr int kParts = 8;
  double parts[kParts] = {};
  for (std::int64_t run = 0; run < runs.count; ++run) {
    const float* x = runs.first + run * runs.step;
    std::int64_t i = 0;
    for (; i + kParts <= runs.length; i += kParts) {
      for (int part = 0; part < kParts; ++part)
        parts[part] += term(static_cast<double>(x[i + part]));
    }
    for (; i < runs.length; ++i) parts[0] += term(static_cast<double>(x[i]));
  }
  for (int part = 1; part < kParts; ++part) parts[0] += parts[part];
  return parts[0];
}

struct Moments {
  double mean = 0;
  double variance = 0;  // of the whole population

  float inverse_deviation(float epsilon) const {
    return static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(epsilon)));
  }
};

inline Moments moments_of(const Runs& runs) {
  const auto count = static_cast<double>(runs.elements());
  const double mean = sum_of(runs, [](double x) { return x; }) / count;
  const double squares = sum_of(runs, [mean](double x) { return (x - mean) * (x - mean); });
  return {mean, squares / count};
}

}  // namespace mini_infer::cpu
