#pragma once

#include <cmath>

// Scalar functions of the elementwise families, compiled by the CPU loops and by the CUDA kernels.
#ifdef __CUDACC__
#define MI_HD __host__ __device__
#else
#define MI_HD
#endif

namespace mini_infer::ops {

// NaN in, NaN out: comparisons are written so that a NaN fails them and is passed on.
struct Relu {
  template <typename T>
  MI_HD T operator()(T x) const {
    return x < T{0} ? T{0} : x;
  }
};

struct Clip {
  float lowest, highest;
  MI_HD float operator()(float x) const {
    const float raised = x < lowest ? lowest : x;
    return highest < raised ? highest : raised;  // the standard: min(max(x, lowest), highest)
  }
};

struct LeakyRelu {
  float alpha;
  MI_HD float operator()(float x) const { return x < 0 ? alpha * x : x; }
};

// Split by sign, so that exp never overflows.
struct Sigmoid {
  MI_HD float operator()(float x) const {
    if (x >= 0) return 1.0f / (1.0f + std::exp(-x));
    const float e = std::exp(x);
    return e / (1.0f + e);
  }
};

struct Tanh {
  MI_HD float operator()(float x) const { return std::tanh(x); }
};

struct HardSigmoid {
  float alpha, beta;
  MI_HD float operator()(float x) const { return Clip{0.0f, 1.0f}(alpha * x + beta); }
};

struct HardSwish {
  MI_HD float operator()(float x) const { return x * HardSigmoid{1.0f / 6.0f, 0.5f}(x); }
};

}  // namespace mini_infer::ops
