#include "ops/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/backend.h"
#include "ops/functor.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::SoftmaxGeometry;

constexpr int kBlock = 16;  // results that are kept side by side
constexpr float kLowest = -std::numeric_limits<float>::infinity();

// What becomes of an element, given the largest one of its row and the row's sum of
// exp(x - largest), which cannot overflow.
struct Softmax {
  float largest, sum;
  static Softmax of(float largest, float sum) { return {largest, sum}; }
  float operator()(float x) const { return ops::math::exp(x - largest) / sum; }
};

struct LogSoftmax {
  float largest, log_sum;
  static LogSoftmax of(float largest, float sum) { return {largest, std::log(sum)}; }
  float operator()(float x) const { return x - largest - log_sum; }
};

float largest_in_row(const float* x, std::int64_t extent) {
  float largest[kBlock];
  std::fill_n(largest, kBlock, kLowest);
  std::int64_t i = 0;
  for (; i + kBlock <= extent; i += kBlock) {
    for (int b = 0; b < kBlock; ++b) largest[b] = ops::Max{}(largest[b], x[i + b]);
  }
  for (; i < extent; ++i) largest[0] = ops::Max{}(largest[0], x[i]);
  for (int b = 1; b < kBlock; ++b) largest[0] = ops::Max{}(largest[0], largest[b]);
  return largest[0];
}

float sum_of_exponentials(const float* x, std::int64_t extent, float largest) {
  float sums[kBlock] = {};
  std::int64_t i = 0;
  for (; i + kBlock <= extent; i += kBlock) {
    for (int b = 0; b < kBlock; ++b) sums[b] += ops::math::exp(x[i + b] - largest);
  }
  for (; i < extent; ++i) sums[0] += ops::math::exp(x[i] - largest);
  for (int b = 1; b < kBlock; ++b) sums[0] += sums[b];
  return sums[0];
}

// A row of neighbours.
template <typename Function>
void run_row(const float* x, std::int64_t extent, float* y) {
  const float largest = largest_in_row(x, extent);
  const Function function = Function::of(largest, sum_of_exponentials(x, extent, largest));
  for (std::int64_t i = 0; i < extent; ++i) y[i] = function(x[i]);
}

// `count` rows side by side, the elements of each `step` apart.
template <typename Function>
void run_columns(const float* x, std::int64_t extent, std::int64_t step, int count, float* y) {
  float largest[kBlock];
  float sums[kBlock] = {};
  std::fill_n(largest, kBlock, kLowest);
  for (std::int64_t i = 0; i < extent; ++i) {
    for (int c = 0; c < count; ++c) largest[c] = ops::Max{}(largest[c], x[i * step + c]);
  }
  for (std::int64_t i = 0; i < extent; ++i) {
    for (int c = 0; c < count; ++c) sums[c] += ops::math::exp(x[i * step + c] - largest[c]);
  }
  for (int c = 0; c < count; ++c) {
    const Function function = Function::of(largest[c], sums[c]);
    for (std::int64_t i = 0; i < extent; ++i) y[i * step + c] = function(x[i * step + c]);
  }
}

template <typename Function>
Result<Kernel> bind_softmax(const NodeView& view) {
  if (view.input_type(0) != core::DataType::kFloat32) {
    return view.unsupported_type(view.input_type(0));
  }
  MI_ASSIGN(const SoftmaxGeometry geometry, ops::softmax_geometry(view));
  return Kernel([geometry](const KernelArgs& args) -> Status {
    const std::int64_t matrix = geometry.extent * geometry.inner;
    if (matrix == 0) return Status::SUCCESS;
    for (std::int64_t outer = 0; outer < geometry.outer; ++outer) {
      const float* x = args.in<float>(0) + outer * matrix;
      float* y = args.out<float>(0) + outer * matrix;
      if (geometry.inner == 1) {
        run_row<Function>(x, geometry.extent, y);
        continue;
      }
      for (std::int64_t c = 0; c < geometry.inner; c += kBlock) {
        const auto count = static_cast<int>(std::min<std::int64_t>(kBlock, geometry.inner - c));
        run_columns<Function>(x + c, geometry.extent, geometry.inner, count, y + c);
      }
    }
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {
    {"Softmax", bind_softmax<Softmax>},
    {"LogSoftmax", bind_softmax<LogSoftmax>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kSoftmaxKernels = kTable;

}  // namespace mini_infer::cpu
