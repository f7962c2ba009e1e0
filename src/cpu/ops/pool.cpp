#include "ops/pool.h"

#include <algorithm>
#include <type_traits>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/share_rows.h"
#include "cpu/simd/table.h"
#include "ops/pool_functor.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::lowest;
using ops::Maximum;
using ops::NodeView;
using ops::PoolGeometry;
using ops::window_at;
using ops::WindowAt;

// Calls visit(window, image, output) for each output: the number of its image, and its own. Rows of
// outputs are shared out to the threads.
template <typename Visit>
void for_each_output(const PoolGeometry& geometry, core::ThreadPool& threads, Visit visit) {
  const ops::SlidingAxis &depth = geometry.window[0], &height = geometry.window[1],
                         &width = geometry.window[2];
  if (geometry.output_shape.elements() == 0) return;
  const std::int64_t rows = geometry.outer * depth.output * height.output;
  share_rows(threads, rows, width.output * geometry.inner, [&](std::int64_t row) {
    const std::int64_t image = row / (depth.output * height.output);
    for (std::int64_t w = 0; w < width.output; ++w) {
      const WindowAt at =
          window_at(geometry.window, {row / height.output % depth.output, row % height.output, w});
      visit(at, image, row * width.output + w);
    }
  });
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

// Added up in double: a global window may hold a million elements.
using Average = ops::Average<double>;
using LpNorm = ops::LpNorm<double>;

std::int64_t input_elements(const ops::Window& window) {
  return window[0].input * window[1].input * window[2].input;
}

template <typename T, typename Reduction>
T reduce(const PoolGeometry& geometry, const WindowAt& at, const Reduction& reduction, const T* x) {
  const ops::SlidingAxis &height = geometry.window[1], &width = geometry.window[2];
  auto sum = reduction.start();
  for_each_element(geometry.window, at, [&](std::int64_t d, std::int64_t h, std::int64_t w) {
    const std::int64_t pixel = (d * height.input + h) * width.input + w;
    sum = reduction.add(sum, ops::widened(x[pixel * geometry.input_pitch]));
  });
  return ops::convert<T>(reduction.finish(sum, at));
}

// Element by element, stored as T.
template <typename T, typename Reduction>
Kernel plain_kernel(const PoolGeometry& geometry, const Reduction& reduction) {
  return [geometry, reduction](const KernelArgs& args) -> Status {
    const std::int64_t channels = geometry.inner;
    const std::int64_t image_step = input_elements(geometry.window) * geometry.input_pitch;
    for_each_output(geometry, *args.threads,
                    [&](const WindowAt& at, std::int64_t image, std::int64_t output) {
                      const T* x = args.in<T>(0) + image * image_step;
                      T* y = args.out<T>(0) + output * geometry.output_pitch;
                      for (std::int64_t c = 0; c < channels; ++c)
                        y[c] = reduce(geometry, at, reduction, x + c);
                    });
    return Status::SUCCESS;
  };
}

// --- Vectors of channels ---

PoolWindow channels_under(const PoolGeometry& geometry, const WindowAt& at, const float* x,
                          float* y) {
  const auto& [depth, height, width] = geometry.window;
  const std::int64_t steps[] = {height.input * width.input * geometry.input_pitch,
                                width.input * geometry.input_pitch, geometry.input_pitch};
  PoolWindow result;
  result.channels = geometry.inner;
  result.x = x;
  result.y = y;
  PoolWindow::Axis* const axes[] = {&result.depth, &result.height, &result.width};
  for (std::size_t i = 0; i < geometry.window.size(); ++i) {
    const std::int64_t dilation = geometry.window[i].dilation;
    *axes[i] = {at.taps[i].last - at.taps[i].first, dilation * steps[i]};
    result.x += (at.origin[i] + at.taps[i].first * dilation) * steps[i];
  }
  return result;
}

void reduce_channels(const Maximum<float>&, const WindowAt&, const PoolWindow& window,
                     const Simd& simd) {
  simd.max_pool(window);
}

void reduce_channels(const Average& average, const WindowAt& at, const PoolWindow& window,
                     const Simd& simd) {
  simd.average_pool(window, static_cast<float>(average.count(at)));
}

template <typename Reduction>
Kernel vector_kernel(const PoolGeometry& geometry, const Reduction& reduction, const Simd& simd) {
  return [geometry, reduction, &simd](const KernelArgs& args) -> Status {
    const std::int64_t image_step = input_elements(geometry.window) * geometry.input_pitch;
    for_each_output(geometry, *args.threads,
                    [&](const WindowAt& at, std::int64_t image, std::int64_t output) {
                      const float* x = args.in<float>(0) + image * image_step;
                      float* y = args.out<float>(0) + output * geometry.output_pitch;
                      reduce_channels(reduction, at, channels_under(geometry, at, x, y), simd);
                    });
    return Status::SUCCESS;
  };
}

// Channels last are vectors in float alone.
template <typename T, typename Reduction>
Result<Kernel> bind_pool(const NodeView& view, const BindContext& context,
                         const Reduction& reduction) {
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  if constexpr (std::is_same_v<T, float>) {
    if (geometry.inner > 1) return vector_kernel(geometry, reduction, *context.simd);
  }
  return plain_kernel<T>(geometry, reduction);
}

// --- MaxPool with Indices, which exist in NCHW only ---

template <typename T>
struct Largest {
  T value = lowest<T>();
  std::int64_t index = -1;  // in a window that holds nothing but padding
};

// `column_major` says how an image counts its elements.
template <typename T>
Largest<Wide<T>> largest_in(const ops::Window& window, const WindowAt& at, bool column_major,
                            const T* x) {
  const ops::SlidingAxis &depth = window[0], &height = window[1], &width = window[2];
  Largest<Wide<T>> largest;
  for_each_element(window, at, [&](std::int64_t d, std::int64_t h, std::int64_t w) {
    const std::int64_t row_major = (d * height.input + h) * width.input + w;
    const Wide<T> element = ops::widened(x[row_major]);
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
                           std::int64_t* indices, core::ThreadPool& threads) {
  const std::int64_t elements = input_elements(geometry.window);
  for_each_output(
      geometry, threads, [&](const WindowAt& at, std::int64_t image, std::int64_t output) {
        const auto largest = largest_in(geometry.window, at, column_major, x + image * elements);
        if (y != nullptr) y[output] = ops::convert<T>(largest.value);
        indices[output] = largest.index < 0 ? -1 : image * elements + largest.index;
      });
}

template <typename T>
Result<Kernel> bind_indices_of(const NodeView& view) {
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  const bool column_major = view.node().get_int("storage_order", 0) != 0;
  return Kernel([geometry, column_major](const KernelArgs& args) -> Status {
    max_pool_with_indices(geometry, column_major, args.in<T>(0), args.out<T>(0),
                          args.out<std::int64_t>(1), *args.threads);
    return Status::SUCCESS;
  });
}

Result<Kernel> bind_max_pool(const NodeView& view, const BindContext& context) {
  constexpr auto kServed = StoredFloats{} + Types<std::int8_t, std::uint8_t>{};
  return for_type(view, view.input_type(0), kServed, [&]<typename T>(T) {
    return view.has_output(1) ? bind_indices_of<T>(view)
                              : bind_pool<T>(view, context, Maximum<Wide<T>>{});
  });
}

Result<Kernel> bind_average_pool(const NodeView& view, const BindContext& context) {
  const Average average{view.node().get_int("count_include_pad", 0) != 0};
  return for_type(view, view.input_type(0), StoredFloats{},
                  [&]<typename T>(T) { return bind_pool<T>(view, context, average); });
}

Result<Kernel> bind_lp_pool(const NodeView& view) {
  const std::int64_t p = view.node().get_int("p", 2);
  if (p < 1) return view.fail("p " + std::to_string(p) + " is not positive");
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  return for_type(view, view.input_type(0), StoredFloats{}, [&]<typename T>(T) {
    return Result<Kernel>(plain_kernel<T>(geometry, LpNorm{static_cast<double>(p)}));
  });
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
