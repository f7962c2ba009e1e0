#include "ops/pool.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "cpu/backend.h"
#include "ops/functor.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::PoolGeometry;
using ops::SlidingAxis;

constexpr int kBlock = 16;  // channels that are reduced together

// The window of one output, cut to what lies on the input, and how many elements it would have on
// the padded input.
struct WindowAt {
  std::array<SlidingAxis::Taps, 3> taps;
  std::array<std::int64_t, 3> origin;
  std::int64_t padded_elements = 1;

  std::int64_t elements() const {
    std::int64_t count = 1;
    for (const SlidingAxis::Taps& axis : taps) count *= axis.last - axis.first;
    return count;
  }
};

WindowAt window_at(const ops::Window& window, const std::array<std::int64_t, 3>& output) {
  WindowAt at;
  for (std::size_t axis = 0; axis < window.size(); ++axis) {
    at.taps[axis] = window[axis].taps_on_input(output[axis]);
    at.origin[axis] = window[axis].origin(output[axis]);
    at.padded_elements *= window[axis].taps_on_padded_input(output[axis]);
  }
  return at;
}

// Calls visit(window) for each output of one image, in order.
template <typename Visit>
void for_each_output(const ops::Window& window, Visit visit) {
  for (std::int64_t d = 0; d < window[0].output; ++d) {
    for (std::int64_t h = 0; h < window[1].output; ++h) {
      for (std::int64_t w = 0; w < window[2].output; ++w) visit(window_at(window, {d, h, w}));
    }
  }
}

// Calls visit(depth, height, width) for each input element under the window, in order.
template <typename Visit>
void for_each_element(const ops::Window& window, const WindowAt& at, Visit visit) {
  const auto& [depth, height, width] = window;
  for (std::int64_t d = at.taps[0].first; d < at.taps[0].last; ++d) {
    for (std::int64_t h = at.taps[1].first; h < at.taps[1].last; ++h) {
      for (std::int64_t w = at.taps[2].first; w < at.taps[2].last; ++w) {
        visit(at.origin[0] + d * depth.dilation, at.origin[1] + h * height.dilation,
              at.origin[2] + w * width.dilation);
      }
    }
  }
}

std::int64_t input_elements(const ops::Window& window) {
  return window[0].input * window[1].input * window[2].input;
}

template <typename T>
constexpr T lowest() {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
}

// --- What is made of a window: Sum{}, then add(sum, x) for each element, then finish(sum) ---

template <typename T>
struct Maximum {
  using Element = T;
  using Sum = T;
  Sum start() const { return lowest<T>(); }
  Sum add(Sum sum, T x) const { return ops::Max{}(sum, x); }
  T finish(Sum sum, const WindowAt&) const { return sum; }
};

struct Average {
  using Element = float;
  using Sum = double;  // a global window may hold a million elements
  bool count_include_pad;
  Sum start() const { return 0; }
  Sum add(Sum sum, float x) const { return sum + static_cast<double>(x); }
  float finish(Sum sum, const WindowAt& at) const {
    const std::int64_t count = count_include_pad ? at.padded_elements : at.elements();
    return static_cast<float>(sum / static_cast<double>(count));
  }
};

struct LpNorm {
  using Element = float;
  using Sum = double;
  double p;
  Sum start() const { return 0; }
  Sum add(Sum sum, float x) const { return sum + std::pow(std::fabs(static_cast<double>(x)), p); }
  float finish(Sum sum, const WindowAt&) const {
    return static_cast<float>(std::pow(sum, 1.0 / p));
  }
};

template <int kChannels, typename Reduction>
void reduce(const PoolGeometry& geometry, const WindowAt& at, const Reduction& reduction,
            const typename Reduction::Element* x, typename Reduction::Element* y) {
  const auto& [depth, height, width] = geometry.window;
  typename Reduction::Sum sums[kChannels];
  std::fill_n(sums, kChannels, reduction.start());
  for_each_element(geometry.window, at, [&](std::int64_t d, std::int64_t h, std::int64_t w) {
    const auto* from = x + ((d * height.input + h) * width.input + w) * geometry.inner;
    for (int c = 0; c < kChannels; ++c) sums[c] = reduction.add(sums[c], from[c]);
  });
  for (int c = 0; c < kChannels; ++c) y[c] = reduction.finish(sums[c], at);
}

template <typename Reduction>
void pool(const PoolGeometry& geometry, const Reduction& reduction,
          const typename Reduction::Element* x, typename Reduction::Element* y) {
  const std::int64_t channels = geometry.inner;
  for (std::int64_t image = 0; image < geometry.outer; ++image) {
    for_each_output(geometry.window, [&](const WindowAt& at) {
      std::int64_t c = 0;
      for (; c + kBlock <= channels; c += kBlock) {
        reduce<kBlock>(geometry, at, reduction, x + c, y + c);
      }
      for (; c < channels; ++c) reduce<1>(geometry, at, reduction, x + c, y + c);
      y += channels;
    });
    x += input_elements(geometry.window) * channels;
  }
}

template <typename Reduction>
Result<Kernel> bind_pool(const NodeView& view, Reduction reduction) {
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  return Kernel([geometry, reduction](const KernelArgs& args) -> Status {
    using Element = typename Reduction::Element;
    if (geometry.output_shape.elements() == 0) return Status::SUCCESS;
    pool(geometry, reduction, args.in<Element>(0), args.out<Element>(0));
    return Status::SUCCESS;
  });
}

// --- MaxPool with Indices, which exist in NCHW only ---

template <typename T>
struct Largest {
  T value = lowest<T>();
  std::int64_t index = -1;  // in a window that holds nothing but padding
};

// `column_major` says how an image counts its elements.
template <typename T>
Largest<T> largest_in(const ops::Window& window, const WindowAt& at, bool column_major,
                      const T* x) {
  const auto& [depth, height, width] = window;
  Largest<T> largest;
  for_each_element(window, at, [&](std::int64_t d, std::int64_t h, std::int64_t w) {
    const std::int64_t row_major = (d * height.input + h) * width.input + w;
    const T element = x[row_major];
    const bool better = largest.index < 0 || element > largest.value ||
                        (ops::is_nan(element) && !ops::is_nan(largest.value));
    if (!better) return;
    largest.value = element;
    largest.index = column_major ? (w * height.input + h) * depth.input + d : row_major;
  });
  return largest;
}

template <typename T>
void max_pool_with_indices(const PoolGeometry& geometry, bool column_major, const T* x, T* y,
                           std::int64_t* indices) {
  const std::int64_t elements = input_elements(geometry.window);
  for (std::int64_t image = 0; image < geometry.outer; ++image) {
    for_each_output(geometry.window, [&](const WindowAt& at) {
      const Largest<T> largest = largest_in(geometry.window, at, column_major, x);
      if (y != nullptr) *y++ = largest.value;
      *indices++ = largest.index < 0 ? -1 : image * elements + largest.index;
    });
    x += elements;
  }
}

template <typename T>
Result<Kernel> bind_max_pool_of(const NodeView& view) {
  if (!view.has_output(1)) return bind_pool(view, Maximum<T>{});
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  const bool column_major = view.node().get_int("storage_order", 0) != 0;
  return Kernel([geometry, column_major](const KernelArgs& args) -> Status {
    max_pool_with_indices(geometry, column_major, args.in<T>(0), args.out<T>(0),
                          args.out<std::int64_t>(1));
    return Status::SUCCESS;
  });
}

Result<Kernel> bind_max_pool(const NodeView& view) {
  switch (view.input_type(0)) {
    case DataType::kFloat32:
      return bind_max_pool_of<float>(view);
    case DataType::kInt8:
      return bind_max_pool_of<std::int8_t>(view);
    case DataType::kUInt8:
      return bind_max_pool_of<std::uint8_t>(view);
    default:
      return view.unsupported_type(view.input_type(0));
  }
}

Result<Kernel> bind_average_pool(const NodeView& view) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  return bind_pool(view, Average{view.node().get_int("count_include_pad", 0) != 0});
}

Result<Kernel> bind_lp_pool(const NodeView& view) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  const std::int64_t p = view.node().get_int("p", 2);
  if (p < 1) return view.fail("p " + std::to_string(p) + " is not positive");
  return bind_pool(view, LpNorm{static_cast<double>(p)});
}

constexpr std::string_view kInternal = graph::kInternalDomain;

constexpr KernelEntry kTable[] = {
    {"MaxPool", bind_max_pool},
    {"MaxPool", bind_max_pool, kInternal},
    {"GlobalMaxPool", bind_max_pool},
    {"GlobalMaxPool", bind_max_pool, kInternal},
    {"AveragePool", bind_average_pool},
    {"AveragePool", bind_average_pool, kInternal},
    {"GlobalAveragePool", bind_average_pool},
    {"GlobalAveragePool", bind_average_pool, kInternal},
    {"LpPool", bind_lp_pool},
    {"GlobalLpPool", bind_lp_pool},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kPoolKernels = kTable;

}  // namespace mini_infer::cpu
