#include <algorithm>
#include <array>

#include "cpu/ops/conv.h"
#include "cpu/ops/tile.h"

// A matrix product whose rows are output pixels: for each kernel position, the rows of X are the
// input pixels under it, or zero in the padding.
namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::Layout;
using ops::SlidingAxis;

constexpr float kZero = 0;

// Elements to skip on the input.
struct InputSteps {
  std::int64_t image, pixel, channel;

  static InputSteps of(const ConvGeometry& geometry) {
    std::int64_t pixels = 1;
    for (const SlidingAxis& axis : geometry.window) pixels *= axis.input;
    const bool channels_first = geometry.input_layout == Layout::kNchw;
    return {.image = geometry.channels * pixels,
            .pixel = channels_first ? 1 : geometry.channels,
            .channel = channels_first ? pixels : 1};
  }
};

// Where on the input the window of an output pixel begins.
struct Origin {
  std::int64_t image, depth, height, width;
};

// Walks the output pixels of the whole batch in memory order.
class OutputPixels {
 public:
  explicit OutputPixels(const ops::Window& window) : window_(window) {}

  Origin next() {
    const Origin origin{image_, window_[0].origin(at_[0]), window_[1].origin(at_[1]),
                        window_[2].origin(at_[2])};
    for (int axis = 2; axis >= 0; --axis) {
      const auto i = static_cast<std::size_t>(axis);
      if (++at_[i] < window_[i].output) return origin;
      at_[i] = 0;
    }
    ++image_;
    return origin;
  }

 private:
  const ops::Window& window_;
  std::int64_t image_ = 0;
  std::array<std::int64_t, 3> at_ = {};
};

class NhwcConv {
 public:
  NhwcConv(const ConvGeometry& geometry, const Epilogue& epilogue, const ConvTensors& tensors)
      : geometry_(geometry),
        epilogue_(epilogue),
        tensors_(tensors),
        steps_(InputSteps::of(geometry)),
        pixels_(geometry.output_shape.elements() / geometry.filters) {}

  void run() const {
    const std::int64_t filters = geometry_.filters_per_group();
    for (std::int64_t group = 0; group < geometry_.groups; ++group) {
      for (std::int64_t first = 0; first < filters; first += kTileColumns) {
        const auto count = std::min<std::int64_t>(kTileColumns, filters - first);
        run_filters(group, group * filters + first, static_cast<int>(count));
      }
    }
  }

 private:
  // The filters [first, first + count) on all pixels: their weights stay in the cache.
  void run_filters(std::int64_t group, std::int64_t first, int count) const {
    OutputPixels pixels(geometry_.window);
    for (std::int64_t pixel = 0; pixel < pixels_; pixel += kTileRows) {
      TileRows rows{.count = static_cast<int>(std::min<std::int64_t>(kTileRows, pixels_ - pixel))};
      std::array<Origin, kTileRows> origins;
      for (int r = 0; r < rows.count; ++r) origins[r] = pixels.next();
      Tile tile;
      if (geometry_.channels_per_group() > 0) sum(group, first, count, origins, rows, tile);
      for (int r = 0; r < rows.count; ++r) {
        const std::int64_t at = (pixel + r) * geometry_.filters + first;
        epilogue_.store(tile.sums[r], count, advance(tensors_.bias, first), 1,
                        advance(tensors_.residual, at), tensors_.y + at);
      }
    }
  }

  void sum(std::int64_t group, std::int64_t first, int count,
           const std::array<Origin, kTileRows>& origins, TileRows& rows, Tile& tile) const {
    const auto& [depth, height, width] = geometry_.window;
    const std::int64_t channels = geometry_.channels_per_group();
    const float* x = tensors_.x + group * channels * steps_.channel;
    const float* w = tensors_.w + first;
    for (std::int64_t d = 0; d < depth.kernel; ++d) {
      for (std::int64_t h = 0; h < height.kernel; ++h) {
        for (std::int64_t k = 0; k < width.kernel; ++k) {
          for (int r = 0; r < rows.count; ++r) {
            point(rows, r, x,
                  {origins[r].image, origins[r].depth + d * depth.dilation,
                   origins[r].height + h * height.dilation, origins[r].width + k * width.dilation});
          }
          multiply_add(rows, channels, w, geometry_.filters, count, tile);
          w += channels * geometry_.filters;
        }
      }
    }
  }

  // Points a row at the input pixel at `at`.
  void point(TileRows& rows, int row, const float* x, const Origin& at) const {
    const auto& [depth, height, width] = geometry_.window;
    const bool inside = at.depth >= 0 && at.depth < depth.input && at.height >= 0 &&
                        at.height < height.input && at.width >= 0 && at.width < width.input;
    const std::int64_t pixel = (at.depth * height.input + at.height) * width.input + at.width;
    rows.x[row] = inside ? x + at.image * steps_.image + pixel * steps_.pixel : &kZero;
    rows.step[row] = inside ? steps_.channel : 0;
  }

  const ConvGeometry& geometry_;
  const Epilogue& epilogue_;
  const ConvTensors& tensors_;
  InputSteps steps_;
  std::int64_t pixels_;
};

}  // namespace

void conv_nhwc(const ConvGeometry& geometry, const Epilogue& epilogue, const ConvTensors& tensors) {
  NhwcConv(geometry, epilogue, tensors).run();
}

}  // namespace mini_infer::cpu
