#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/optional.h"
#include "cuda/place.h"
#include "cuda/row.h"
#include "ops/dispatch.h"
#include "ops/pool.h"
#include "ops/pool_functor.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::PoolGeometry;
using ops::WindowAt;

// Plain values of a PoolGeometry, for kernels.
struct Pool {
  ops::Window window;
  std::int64_t inner, outer, outputs;
  std::int64_t x_pitch, y_pitch;  // elements from pixel to pixel

  explicit Pool(const PoolGeometry& geometry)
      : window(geometry.window),
        inner(geometry.inner),
        outer(geometry.outer),
        outputs(geometry.output_shape.elements()),
        x_pitch(geometry.input_pitch),
        y_pitch(geometry.output_pitch) {}

  __host__ __device__ std::int64_t image_elements() const {
    return window[0].input * window[1].input * window[2].input;
  }

  // Whether the one window is all of the image, so that nobody asks where its elements are.
  bool is_global() const {
    const auto& [depth, height, width] = window;
    return image_elements() == width.input && depth.kernel == 1 && height.kernel == 1 &&
           width.kernel == width.input && outputs == outer * inner && width.pad_begin == 0 &&
           depth.pad_begin == 0 && height.pad_begin == 0;
  }

  // The pixel under a tap.
  __device__ std::int64_t pixel(const WindowAt& at, std::int64_t d, std::int64_t h,
                                std::int64_t w) const {
    const auto& [depth, height, width] = window;
    const std::int64_t plane = at.origin[0] + d * depth.dilation;
    const std::int64_t row = plane * height.input + at.origin[1] + h * height.dilation;
    return row * width.input + at.origin[2] + w * width.dilation;
  }

  // Takes the window of an output out of its number, of which the image is left.
  __device__ WindowAt take_window(std::uint64_t& output) const {
    const std::int64_t w = take_axis(output, window[2].output);
    const std::int64_t h = take_axis(output, window[1].output);
    const std::int64_t d = take_axis(output, window[0].output);
    return ops::window_at(window, {d, h, w});
  }
};

// kWidth neighbouring channels of one output, each reduced alone.
template <typename T, typename Reduction, int kWidth>
struct WindowBody {
  using Sum = typename Reduction::Sum;

  const T* x;
  T* y;
  Pool pool;
  Reduction reduction;

  __device__ void operator()(std::int64_t item) const {
    auto output = static_cast<std::uint64_t>(item);
    const std::int64_t channel = take_axis(output, pool.inner / kWidth) * kWidth;
    const auto to = static_cast<std::int64_t>(output);
    const WindowAt at = pool.take_window(output);
    const T* image =
        x + static_cast<std::int64_t>(output) * pool.image_elements() * pool.x_pitch + channel;
    Sum sums[kWidth];
    for (Sum& sum : sums) sum = reduction.start();
    for (std::int64_t d = at.taps[0].first; d < at.taps[0].last; ++d) {
      for (std::int64_t h = at.taps[1].first; h < at.taps[1].last; ++h) {
        for (std::int64_t w = at.taps[2].first; w < at.taps[2].last; ++w) {
          float numbers[kWidth];
          load_wide(image + pool.pixel(at, d, h, w) * pool.x_pitch, numbers);
          for (int i = 0; i < kWidth; ++i) sums[i] = reduction.add(sums[i], numbers[i]);
        }
      }
    }
    for (Sum& sum : sums) sum = reduction.finish(sum, at);
    store_wide(y + to * pool.y_pitch + channel, sums);
  }
};

template <typename T, typename Reduction, int kWidth>
Kernel window_kernel(const Pool& pool, const Reduction& reduction) {
  return [pool, reduction](const KernelArgs& args) {
    return for_each(
        "pool", pool.outputs / kWidth, args.queue,
        WindowBody<T, Reduction, kWidth>{args.in<T>(0), args.out<T>(0), pool, reduction});
  };
}

// A whole image, by a team.
template <typename T, typename Reduction>
struct GlobalBody {
  using Sum = typename Reduction::Sum;

  const T* x;
  T* y;
  Pool pool;
  Reduction reduction;

  template <typename Team>
  __device__ void operator()(std::int64_t output, const Team& team) const {
    const std::int64_t elements = pool.window[2].input;
    const T* from = x + output / pool.inner * pool.x_pitch * elements + output % pool.inner;
    Sum sum = reduction.start();
    for (std::int64_t i = team.rank; i < elements; i += Team::kSize) {
      sum = reduction.add(sum, static_cast<float>(ops::widened(from[i * pool.x_pitch])));
    }
    sum = team.join(sum, [this](Sum a, Sum b) { return reduction.join(a, b); });
    if (team.rank != 0) return;
    y[output / pool.inner * pool.y_pitch + output % pool.inner] =
        ops::convert<T>(reduction.finish(sum, ops::window_at(pool.window, {0, 0, 0})));
  }
};

template <typename T, typename Reduction>
Result<Kernel> bind_pool(const NodeView& view, const Reduction& reduction) {
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  const Pool pool(geometry);
  if (pool.is_global()) {
    return with_team(pool.outputs, pool.window[2].input, pool.inner > 1, [&]<typename Team>(Team) {
      return Kernel([pool, reduction](const KernelArgs& args) {
        return for_each_team<Team>(
            "pool", pool.outputs, args.queue,
            GlobalBody<T, Reduction>{args.in<T>(0), args.out<T>(0), pool, reduction});
      });
    });
  }
  constexpr int kCount = Pack<T>::kCount;
  if (pool.inner % kCount == 0) return window_kernel<T, Reduction, kCount>(pool, reduction);
  return window_kernel<T, Reduction, 1>(pool, reduction);
}

// --- MaxPool with Indices, which exist in NCHW only ---

template <typename T>
struct IndexBody {
  const T* x;
  T* y;  // or null
  std::int64_t* indices;
  Pool pool;
  bool column_major;  // how an image counts its elements

  __device__ void operator()(std::int64_t item) const {
    auto output = static_cast<std::uint64_t>(item);
    const WindowAt at = pool.take_window(output);
    const std::int64_t image = static_cast<std::int64_t>(output) * pool.image_elements();
    auto largest = ops::lowest<ops::Wide<T>>();
    std::int64_t pixel = -1;  // in a window that holds nothing but padding
    for (std::int64_t d = at.taps[0].first; d < at.taps[0].last; ++d) {
      for (std::int64_t h = at.taps[1].first; h < at.taps[1].last; ++h) {
        for (std::int64_t w = at.taps[2].first; w < at.taps[2].last; ++w) {
          const std::int64_t here = pool.pixel(at, d, h, w);
          const auto element = ops::widened(x[image + here]);
          const bool better =
              pixel < 0 || element > largest || (ops::is_nan(element) && !ops::is_nan(largest));
          if (better) largest = element;
          if (better) pixel = here;
        }
      }
    }
    if (y != nullptr) y[item] = ops::convert<T>(largest);
    indices[item] = pixel < 0 ? -1 : image + (column_major ? transposed(pixel) : pixel);
  }

  __device__ std::int64_t transposed(std::int64_t pixel) const {
    const auto& [depth, height, width] = pool.window;
    auto rest = static_cast<std::uint64_t>(pixel);
    const std::int64_t w = take_axis(rest, width.input);
    const std::int64_t h = take_axis(rest, height.input);
    return (w * height.input + h) * depth.input + static_cast<std::int64_t>(rest);
  }
};

template <typename T>
Result<Kernel> bind_indices_of(const NodeView& view) {
  MI_ASSIGN(const PoolGeometry geometry, ops::pool_geometry(view));
  const Pool pool(geometry);
  const bool column_major = view.node().get_int("storage_order", 0) != 0;
  return Kernel([pool, column_major](const KernelArgs& args) {
    return for_each(
        "pool", pool.outputs, args.queue,
        IndexBody<T>{args.in<T>(0), args.out<T>(0), args.out<std::int64_t>(1), pool, column_major});
  });
}

Result<Kernel> bind_max_pool(const NodeView& view) {
  constexpr auto kServed = ops::StoredFloats{} + ops::Types<std::int8_t, std::uint8_t>{};
  return ops::for_type(view, view.input_type(0), kServed, [&]<typename T>(T) {
    return view.has_output(1) ? bind_indices_of<T>(view)
                              : bind_pool<T>(view, ops::Maximum<float>{});
  });
}

// Added up in double: a window may hold a million elements, and an average is rounded once.
Result<Kernel> bind_average_pool(const NodeView& view) {
  const ops::Average<double> average{view.node().get_int("count_include_pad", 0) != 0};
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) { return bind_pool<T>(view, average); });
}

Result<Kernel> bind_lp_pool(const NodeView& view) {
  const std::int64_t p = view.node().get_int("p", 2);
  if (p < 1) return view.fail("p " + std::to_string(p) + " is not positive");
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{}, [&]<typename T>(T) {
    return bind_pool<T>(view, ops::LpNorm<double>{static_cast<double>(p)});
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

}  // namespace mini_infer::cuda
