#pragma once

#include "cuda/each.h"
#include "cuda/epilogue.h"
#include "cuda/pack.h"
#include "cuda/plane.h"
#include "cuda/stack.h"
#include "cuda/tensor_core.h"
#include "ops/conv.h"

// The first convolution of a network: from an image of few channels, channels first, to channels
// last, 16-bit elements on tensor cores. A block takes a stretch of a line of the output: what lies
// under its windows is laid down once, and each window is a row of the product's left matrix.
namespace mini_infer::cuda::stem {

constexpr int kWarps = 4;
constexpr int kWarpPixels = 16;
constexpr int kPixels = kWarps * kWarpPixels;  // of a block, at a time
constexpr int kFilters = 64;                   // of a block
constexpr int kFilterTiles = kFilters / 8;
constexpr int kStep = 16;  // of the depth
constexpr std::int64_t kMostShared = 48 * 1024;
// Beyond, each block lays down the filters once for several tiles.
constexpr unsigned kEnoughBlocks = 1056;

struct Form {
  PlaneAxis height, width;
  int channels = 0;
  int filters = 0;
  std::int64_t y_pitch = 0;  // elements from pixel to pixel
  int depth = 0;             // channels * taps
  int patch_width = 0;       // of the input, under the windows of kPixels
  int stretches = 0;         // of a line
  int tiles = 0;             // stretches of all lines of all images

  static Form of(const ops::ConvGeometry& geometry) {
    Form form;
    form.height = PlaneAxis::of(geometry.window[1]);
    form.width = PlaneAxis::of(geometry.window[2]);
    form.channels = static_cast<int>(geometry.channels);
    form.filters = static_cast<int>(geometry.filters);
    form.y_pitch = geometry.output_pitch;
    form.depth = form.channels * form.height.kernel * form.width.kernel;
    form.patch_width =
        (kPixels - 1) * form.width.stride + (form.width.kernel - 1) * form.width.dilation + 1;
    form.stretches = (form.width.output + kPixels - 1) / kPixels;
    form.tiles = static_cast<int>(geometry.batch * form.height.output * form.stretches);
    return form;
  }

  __host__ __device__ int steps() const { return (depth + kStep - 1) / kStep; }
  // Apart so that a warp's reads meet no bank twice.
  __host__ __device__ int weight_row() const { return steps() * kStep + 8; }
  __host__ __device__ int patch_rows() const { return channels * height.kernel; }
  std::int64_t shared_bytes() const {
    return std::int64_t{4} * steps() * kStep +
           std::int64_t{2} * (kFilters * weight_row() + (patch_rows() + 1) * patch_width);
  }
};

template <typename T>
class Walk {
 public:
  __device__ Walk(const Form& form, const T* x, const T* w, const Epilogue<T>& epilogue,
                  int* shared)
      : form_(form),
        x_(x),
        w_(w),
        epilogue_(epilogue),
        places_(shared),
        weights_(reinterpret_cast<T*>(shared + form.steps() * kStep)),
        patch_(weights_ + kFilters * form.weight_row()),
        warp_(static_cast<int>(threadIdx.x) / kLanes),
        lane_(static_cast<int>(threadIdx.x) % kLanes),
        first_filter_(static_cast<int>(blockIdx.y) * kFilters) {}

  // The block's filters, zeros beyond the depth and the last filter; and where in the patch of the
  // first pixel each element of the depth lies: beyond the depth, in a row of zeros.
  __device__ void fetch_weights() {
    for (int row = warp_; row < kFilters; row += kWarps) {
      const int filter = first_filter_ + row;
      const T* from = w_ + static_cast<std::int64_t>(filter) * form_.depth;
      fetch_row(filter < form_.filters ? from : nullptr, 0, form_.depth, form_.weight_row(),
                weights_ + row * form_.weight_row());
    }
    const int zeros = form_.patch_rows() * form_.patch_width;
    fetch_row(nullptr, 0, 0, form_.patch_width, patch_ + zeros);
    for (int k = static_cast<int>(threadIdx.x); k < form_.steps() * kStep; k += kWarps * kLanes) {
      const int place = k / form_.width.kernel * form_.patch_width +
                        k % form_.width.kernel * form_.width.dilation;
      places_[k] = k < form_.depth ? place : zeros;
    }
  }

  __device__ void compute(int tile) {
    const int line = tile / form_.stretches;
    const int column = tile % form_.stretches * kPixels;
    fetch_patch(line / form_.height.output, line % form_.height.output, column);
    __syncthreads();
    TileC sums[kFilterTiles] = {};
    for (int step = 0; step < form_.steps(); ++step) add(step, sums);
    store(line, column, sums);
    __syncthreads();
  }

 private:
  // Rows [channel, tap of the height].
  __device__ void fetch_patch(int image, int line, int column) {
    const int left = form_.width.place(column, 0);
    const T* from = x_ + static_cast<std::int64_t>(image) * form_.channels * form_.height.input *
                             form_.width.input;
    for (int row = warp_; row < form_.patch_rows(); row += kWarps) {
      const int channel = row / form_.height.kernel;
      const int y = form_.height.place(line, row - channel * form_.height.kernel);
      const std::int64_t at =
          (static_cast<std::int64_t>(channel) * form_.height.input + y) * form_.width.input;
      fetch_row(form_.height.holds(y) ? from + at : nullptr, left, form_.width.input,
                form_.patch_width, patch_ + row * form_.patch_width);
    }
  }

  // By a warp: `width` elements of a line of `extent`, from `left` on, which may be negative; zeros
  // outside, and where there is no line. Several loads are under way at once.
  __device__ __forceinline__ void fetch_row(const T* line, int left, int extent, int width, T* to) {
    constexpr int kBatch = 5;
    for (int first = lane_; first < width; first += kBatch * kLanes) {
      T held[kBatch];
      MI_UNROLL
      for (int i = 0; i < kBatch; ++i) {
        const int at = left + first + i * kLanes;
        const bool inside = line != nullptr && at >= 0 && at < extent;
        held[i] = inside ? line[at] : T{};
      }
      MI_UNROLL
      for (int i = 0; i < kBatch; ++i) {
        if (first + i * kLanes < width) to[first + i * kLanes] = held[i];
      }
    }
  }

  __device__ void add(int step, TileC (&sums)[kFilterTiles]) const {
    const int group = lane_ / 4;
    const int pair = lane_ % 4 * 2;
    const T* upper = patch_ + (warp_ * kWarpPixels + group) * form_.width.stride;
    const T* lower = upper + 8 * form_.width.stride;
    const int* places = places_ + step * kStep + pair;
    TileA pixels;
    MI_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int first = places[half * 8];
      const int second = places[half * 8 + 1];
      pixels.words[half * 2] = word_of(upper[first], upper[second]);
      pixels.words[half * 2 + 1] = word_of(lower[first], lower[second]);
    }
    const int row = form_.weight_row();
    const T* weight = weights_ + group * row + step * kStep + pair;
    MI_UNROLL
    for (int tile = 0; tile < kFilterTiles; ++tile, weight += 8 * row) {
      if (first_filter_ + tile * 8 >= form_.filters) break;
      multiply<T>(sums[tile], pixels, {load_word(weight), load_word(weight + 8)});
    }
  }

  __device__ void store(int line, int column, const TileC (&sums)[kFilterTiles]) const {
    MI_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int x = column + warp_ * kWarpPixels + lane_ / 4 + half * 8;
      if (x >= form_.width.output) continue;
      const std::int64_t pixel = static_cast<std::int64_t>(line) * form_.width.output + x;
      MI_UNROLL
      for (int tile = 0; tile < kFilterTiles; ++tile) {
        const int filter = first_filter_ + tile * 8 + lane_ % 4 * 2;
        if (filter >= form_.filters) break;
        const float pair[2] = {sums[tile].sums[half * 2], sums[tile].sums[half * 2 + 1]};
        epilogue_.store_pack(pair, pixel * form_.y_pitch + filter, filter);
      }
    }
  }

  const Form& form_;
  const T* x_;
  const T* w_;
  const Epilogue<T>& epilogue_;
  int* places_;
  T* weights_;
  T* patch_;
  int warp_, lane_, first_filter_;
};

template <typename T>
__global__ void __launch_bounds__(kWarps* kLanes)
    kernel(Form form, const T* x, const T* w, Epilogue<T> epilogue) {
  Walk<T> walk(form, x, w, epilogue, shared_memory<int>());
  walk.fetch_weights();
  __syncthreads();
  for (int tile = static_cast<int>(blockIdx.x); tile < form.tiles;
       tile += static_cast<int>(gridDim.x)) {
    walk.compute(tile);
  }
}

// Whether it is such a convolution.
template <typename T>
bool suits(const ops::ConvGeometry& geometry) {
  constexpr std::int64_t kFewChannels = 4, kMostDepth = 256, kMostReach = kMostDepth * kMostDepth;
  if (sizeof(T) != 2 || geometry.layout != ops::Layout::kNhwc ||
      geometry.input_layout != ops::Layout::kNchw || geometry.groups != 1 ||
      geometry.channels > kFewChannels || geometry.filters % 8 != 0 || !is_plane(geometry.window) ||
      !is_countable(geometry.output_shape.elements())) {
    return false;
  }
  for (const ops::SlidingAxis& axis : geometry.window) {
    if (axis.kernel > kMostDepth || axis.stride > kMostDepth || axis.dilation > kMostDepth ||
        !is_countable(axis.input + axis.pad_begin + axis.pad_end + kMostReach)) {
      return false;
    }
  }
  const Form form = Form::of(geometry);
  return form.depth <= kMostDepth && form.shared_bytes() <= kMostShared;
}

template <typename T>
ops::Kernel bind(const ops::ConvGeometry& geometry, const Epilogue<T>& epilogue) {
  return [form = Form::of(geometry), epilogue](const ops::KernelArgs& args) {
    const auto chunks = static_cast<unsigned>((form.filters + kFilters - 1) / kFilters);
    const auto blocks = std::min(static_cast<unsigned>(form.tiles), kEnoughBlocks);
    return launch("convolution: stem", kernel<T>,
                  {.blocks = dim3(blocks, chunks),
                   .threads = kWarps * kLanes,
                   .shared_bytes = static_cast<std::size_t>(form.shared_bytes()),
                   .barriers = true},
                  args.queue, form, args.in<T>(0), args.in<T>(1), epilogue.on(args));
  };
}

}  // namespace mini_infer::cuda::stem
