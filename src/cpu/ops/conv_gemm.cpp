#include "cpu/ops/conv_gemm.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::Layout;
using ops::SlidingAxis;
using ops::Window;

// Fewer channels than this and a tap is too short a run for the inner loop.
constexpr std::int64_t kShortRun = 8;
// What one thread gathers at a time, on its stack: one tile at least.
constexpr std::int64_t kGatheredElements = kMaxTileRows * ops::kMostGathered;
// Elements of a row of a window that are copied at once. What is too much is overwritten by the
// next row, or lies behind the last one.
constexpr std::int64_t kRun = 8;

std::int64_t elements(std::int64_t SlidingAxis::*extent, const Window& window) {
  return window[0].*extent * window[1].*extent * window[2].*extent;
}

// A place on the input or in its padding.
struct Place {
  std::int64_t image, depth, height, width;
};

// Counts through an array of images whose spatial extents are a window's `extent`s, in memory
// order.
class Counter {
 public:
  Counter(const Window& window, std::int64_t SlidingAxis::*extent, std::int64_t number)
      : extents_{window[0].*extent, window[1].*extent, window[2].*extent} {
    for (std::size_t axis = 3; axis-- > 0; number /= extents_[axis]) {
      at_[axis] = number % extents_[axis];
    }
    image_ = number;
  }

  Place at() const { return {image_, at_[0], at_[1], at_[2]}; }

  void next() {
    for (std::size_t axis = 3; axis-- > 0; at_[axis] = 0) {
      if (++at_[axis] < extents_[axis]) return;
    }
    ++image_;
  }

 private:
  std::array<std::int64_t, 3> extents_;
  std::array<std::int64_t, 3> at_ = {};
  std::int64_t image_ = 0;
};

// Walks output pixels; says where on the input the window of each begins.
class Origins {
 public:
  Origins(const Window& window, std::int64_t pixel)
      : window_(window), pixel_(window, &SlidingAxis::output, pixel) {}

  Place next() {
    const Place at = pixel_.at();
    pixel_.next();
    return {at.image, window_[0].origin(at.depth), window_[1].origin(at.height),
            window_[2].origin(at.width)};
  }

 private:
  const Window& window_;
  Counter pixel_;
};

// Walks positions of the kernel; says how far each is from the window's origin.
class Shifts {
 public:
  Shifts(const Window& window, std::int64_t tap)
      : window_(window), tap_(window, &SlidingAxis::kernel, tap) {}

  Place next() {
    const Place at = tap_.at();
    tap_.next();
    return {0, at.depth * window_[0].dilation, at.height * window_[1].dilation,
            at.width * window_[2].dilation};
  }

 private:
  const Window& window_;
  Counter tap_;
};

bool inside(const SlidingAxis& axis, std::int64_t at) { return at >= 0 && at < axis.input; }

bool is_pointwise(const Window& window) {
  return std::all_of(window.begin(), window.end(), [](const SlidingAxis& axis) {
    return axis.kernel == 1 && axis.stride == 1 && axis.pad_begin == 0 && axis.pad_end == 0;
  });
}

}  // namespace

GemmConv::GemmConv(const ConvGeometry& geometry, const TileEpilogue& epilogue, const Simd& simd)
    : geometry_(geometry),
      epilogue_(epilogue),
      simd_(&simd),
      taps_(elements(&SlidingAxis::kernel, geometry.window)),
      pixels_(geometry.output_shape.elements() / std::max<std::int64_t>(1, geometry.filters)),
      zeros_(static_cast<std::size_t>(geometry.channels_per_group()), 0.0f) {
  const std::int64_t depth = taps_ * geometry.channels_per_group();
  panels_ = Panels::of(simd, depth, geometry.filters_per_group());
  const bool short_runs = taps_ > 1 && geometry.channels_per_group() < kShortRun;
  gathered_ = geometry.input_layout == Layout::kNchw || (short_runs && depth <= ops::kMostGathered);
}

// Whether gathered elements are in the order channel, tap, so that taps of a row are copied
// together; else tap, channel.
bool GemmConv::by_channel() const { return gathered_ && geometry_.input_layout == Layout::kNchw; }

std::int64_t GemmConv::packed_elements() const { return geometry_.groups * panels_.elements(); }

std::string GemmConv::form() const {
  return "conv: " + form_of(panels_) + ", groups " + std::to_string(geometry_.groups) +
         (by_channel() ? "" : ", taps " + std::to_string(taps_));
}

// Each filter is a column: its elements are in the order channel, tap already.
void GemmConv::pack(const std::byte* weights, float* to, core::ThreadPool& threads) const {
  RightSource from{.row = 1, .column = panels_.depth};
  if (!by_channel()) {
    from.taps = taps_;
    from.tap = 1;
    from.row = taps_;
  }
  for (std::int64_t group = 0; group < geometry_.groups; ++group) {
    from.data = weights + group * panels_.columns * panels_.depth * std::int64_t{sizeof(float)};
    cpu::pack(panels_, from, to + group * panels_.elements(), threads);
  }
}

// The left rows of one group of one run.
class GemmConv::Group {
 public:
  Group(const GemmConv& conv, const float* x, std::int64_t group)
      : conv_(conv), window_(conv.geometry_.window) {
    const ConvGeometry& g = conv.geometry_;
    const bool channels_first = g.input_layout == Layout::kNchw;
    const std::int64_t pixels = elements(&SlidingAxis::input, g.window);
    image_ = (channels_first ? g.channels : g.input_pitch) * pixels;
    pixel_ = channels_first ? 1 : g.input_pitch;
    channel_ = channels_first ? pixels : 1;
    x_ = x + group * g.channels_per_group() * channel_;
  }

  void pointwise_rows(const LeftRange& range, const float** to) const {
    for (int i = 0; i < range.rows; ++i) to[i] = x_ + (range.row + i) * pixel_;
  }

  void window_rows(const LeftRange& range, const float** to) const {
    Place origin[kMaxTileRows];
    std::int64_t first[kMaxTileRows];
    Origins origins(window_, range.row);
    for (int i = 0; i < range.rows; ++i) {
      origin[i] = origins.next();
      first[i] = offset(origin[i]);
    }
    Shifts shifts(window_, range.tap);
    for (std::int64_t t = 0; t < range.taps; ++t, to += kMaxTileRows) {
      const Place shift = shifts.next();
      const std::int64_t further = offset(shift);
      for (int i = 0; i < range.rows; ++i) {
        to[i] = on_input(origin[i], shift) ? x_ + first[i] + further : conv_.zeros_.data();
      }
    }
  }

  // Copies the elements under each window to `buffer`, one window after the other.
  void gather_rows(const LeftRange& range, float* buffer, const float** to) const {
    Origins origins(window_, range.row);
    for (int i = 0; i < range.rows; ++i, buffer += conv_.panels_.depth) {
      const Place origin = origins.next();
      if (conv_.by_channel()) {
        gather_by_channel(origin, buffer);
      } else {
        gather_by_tap(origin, buffer);
      }
      to[i] = buffer;
    }
  }

 private:
  bool on_input(const Place& origin, const Place& shift) const {
    const auto& [depth, height, width] = window_;
    return inside(depth, origin.depth + shift.depth) &&
           inside(height, origin.height + shift.height) &&
           inside(width, origin.width + shift.width);
  }

  // Elements from the first one of the group to that of a place, or from a place to another.
  std::int64_t offset(const Place& place) const {
    const auto& [depth, height, width] = window_;
    const std::int64_t pixel =
        (place.depth * height.input + place.height) * width.input + place.width;
    return place.image * image_ + pixel * pixel_;
  }

  void gather_by_tap(const Place& origin, float* to) const {
    const std::int64_t channels = conv_.geometry_.channels_per_group();
    Shifts shifts(window_, 0);
    for (std::int64_t tap = 0; tap < conv_.taps_; ++tap, to += channels) {
      const Place shift = shifts.next();
      if (!on_input(origin, shift)) {
        std::fill_n(to, channels, 0.0f);
        continue;
      }
      const float* pixel = x_ + offset(origin) + offset(shift);
      for (std::int64_t c = 0; c < channels; ++c) to[c] = pixel[c * channel_];
    }
  }

  // Whether each row of the window is a run of the input that may be copied at once.
  bool runs_on_input(const Place& origin) const {
    const auto& [depth, height, width] = window_;
    const auto whole = [](const SlidingAxis& axis, std::int64_t first) {
      return first >= 0 && first + (axis.kernel - 1) * axis.dilation < axis.input;
    };
    return width.kernel <= kRun && width.dilation == 1 && origin.width >= 0 &&
           origin.width + kRun <= width.input && whole(depth, origin.depth) &&
           whole(height, origin.height);
  }

  template <std::size_t kElements>
  void copy_runs(const Place& origin, float* to) const {
    const auto& [depth, height, width] = window_;
    const std::int64_t row_step = height.dilation * width.input;
    const std::int64_t plane_step = depth.dilation * height.input * width.input;
    const float* channel = x_ + offset(origin);
    for (std::int64_t c = 0; c < conv_.geometry_.channels_per_group(); ++c, channel += channel_) {
      for (std::int64_t d = 0; d < depth.kernel; ++d) {
        const float* row = channel + d * plane_step;
        for (std::int64_t h = 0; h < height.kernel; ++h, row += row_step, to += width.kernel) {
          std::memcpy(to, row, kElements * sizeof(float));
        }
      }
    }
  }

  void gather_by_channel(const Place& origin, float* to) const {
    const auto& [depth, height, width] = window_;
    if (runs_on_input(origin)) {
      return width.kernel <= kRun / 2 ? copy_runs<kRun / 2>(origin, to)
                                      : copy_runs<kRun>(origin, to);
    }
    for (std::int64_t c = 0; c < conv_.geometry_.channels_per_group(); ++c) {
      for (std::int64_t d = 0; d < depth.kernel; ++d) {
        for (std::int64_t h = 0; h < height.kernel; ++h, to += width.kernel) {
          const Place row{origin.image, origin.depth + d * depth.dilation,
                          origin.height + h * height.dilation, 0};
          const bool on_input = inside(depth, row.depth) && inside(height, row.height);
          gather_row(on_input ? x_ + offset(row) + c * channel_ : nullptr, origin.width, to);
        }
      }
    }
  }

  // One row of a window, from `first` on along the row of the input.
  void gather_row(const float* row, std::int64_t first, float* to) const {
    const SlidingAxis& width = window_[2];
    for (std::int64_t k = 0; k < width.kernel; ++k) {
      const std::int64_t x = first + k * width.dilation;
      to[k] = row != nullptr && inside(width, x) ? row[x] : 0.0f;
    }
  }

  const GemmConv& conv_;
  const Window& window_;
  const float* x_;
  std::int64_t image_, pixel_, channel_;  // elements to skip
};

void GemmConv::compute(const ProductGrid& grid, std::int64_t piece, const Product& product,
                       const Group& group) const {
  if (gathered_) {
    float buffer[kGatheredElements + kRun];
    float* next = buffer;
    grid.compute(
        piece, product,
        [&](const LeftRange& range, const float** to) {
          group.gather_rows(range, next, to);
          next += range.rows * panels_.depth;
        },
        *simd_);
  } else if (is_pointwise(geometry_.window)) {
    grid.compute(
        piece, product,
        [&](const LeftRange& range, const float** to) { group.pointwise_rows(range, to); }, *simd_);
  } else {
    grid.compute(
        piece, product,
        [&](const LeftRange& range, const float** to) { group.window_rows(range, to); }, *simd_);
  }
}

void GemmConv::run(const ConvTensors& tensors, core::ThreadPool& threads) const {
  const std::int64_t filters = geometry_.filters_per_group();
  Product product{
      .rows = pixels_,
      .taps = gathered_ ? 1 : taps_,
      .depth = gathered_ ? panels_.depth : geometry_.channels_per_group(),
      .block_rows = gathered_ ? kGatheredElements / std::max<std::int64_t>(1, panels_.depth) : 0,
      .right = {.panels = panels_},
      .c_row = geometry_.output_pitch,
      .epilogue = epilogue_};
  const ProductGrid grid(product, *simd_, threads.size(), geometry_.groups);
  threads.run(geometry_.groups * grid.pieces(), [&](std::int64_t piece, int) {
    const std::int64_t index = piece / grid.pieces();
    Product own = product;
    own.right.data = tensors.w + index * panels_.elements();
    own.c = tensors.y + index * filters;
    own.bias = advance(tensors.bias, index * filters);
    own.residual = advance(tensors.residual, index * filters);
    compute(grid, piece % grid.pieces(), own, Group(*this, tensors.x, index));
  });
}

}  // namespace mini_infer::cpu
