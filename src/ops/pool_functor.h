#pragma once

#include <cmath>
#include <limits>

#include "ops/functor.h"
#include "ops/pool.h"

// What the poolings make of a window, compiled by the CPU loops and by the CUDA kernels.
namespace mini_infer::ops {

// The window of one output, cut to what lies on the input, and how many elements it would have on
// the padded input.
struct WindowAt {
  std::array<SlidingAxis::Taps, 3> taps;
  std::array<std::int64_t, 3> origin;
  std::int64_t padded_elements = 1;

  MI_HD std::int64_t elements() const {
    std::int64_t count = 1;
    for (const SlidingAxis::Taps& axis : taps) count *= axis.last - axis.first;
    return count;
  }
};

MI_HD inline WindowAt window_at(const Window& window, const std::array<std::int64_t, 3>& output) {
  WindowAt at;
  for (std::size_t axis = 0; axis < window.size(); ++axis) {
    at.taps[axis] = window[axis].taps_on_input(output[axis]);
    at.origin[axis] = window[axis].origin(output[axis]);
    at.padded_elements *= window[axis].taps_on_padded_input(output[axis]);
  }
  return at;
}

template <typename T>
MI_HD constexpr T lowest() {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
}

// Reductions: start(), then add(sum, x) for each element and join(a, b) for sums of parts, then
// finish(sum, window), not yet rounded to the type it is stored as.

template <typename T>
struct Maximum {
  using Sum = T;
  MI_HD T start() const { return lowest<T>(); }
  MI_HD T add(T sum, T x) const { return Max{}(sum, x); }
  MI_HD T join(T a, T b) const { return Max{}(a, b); }
  MI_HD T finish(T sum, const WindowAt&) const { return sum; }
};

template <typename Real>
struct Average {
  using Sum = Real;
  bool count_include_pad;
  MI_HD Sum start() const { return 0; }
  MI_HD Sum add(Sum sum, float x) const { return sum + static_cast<Sum>(x); }
  MI_HD Sum join(Sum a, Sum b) const { return a + b; }
  MI_HD std::int64_t count(const WindowAt& at) const {
    return count_include_pad ? at.padded_elements : at.elements();
  }
  MI_HD Sum finish(Sum sum, const WindowAt& at) const { return sum / static_cast<Sum>(count(at)); }
};

template <typename Real>
struct LpNorm {
  using Sum = Real;
  Real p;
  MI_HD Sum start() const { return 0; }
  MI_HD Sum add(Sum sum, float x) const {
    return sum + std::pow(std::fabs(static_cast<Sum>(x)), p);
  }
  MI_HD Sum join(Sum a, Sum b) const { return a + b; }
  MI_HD Sum finish(Sum sum, const WindowAt&) const { return std::pow(sum, Sum{1} / p); }
};

}  // namespace mini_infer::ops
