#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/conv_direct.h"
#include "cuda/product.h"
#include "cuda/window.h"
#include "ops/conv_transpose.h"

// Per group a product of filters and of what spreads to each output.
namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::ConvTransposeGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

template <typename T>
using Input = WindowOperand<T, true>;

// Of one group.
struct Sizes {
  std::int64_t channels, filters;
  std::int64_t input_pixels = 1;
  std::int64_t output_pixels = 1;
  std::int64_t taps = 1;

  explicit Sizes(const ConvTransposeGeometry& geometry)
      : channels(geometry.channels / geometry.groups), filters(geometry.filters / geometry.groups) {
    for (const ops::SlidingAxis& axis : geometry.window) {
      input_pixels *= axis.input;
      output_pixels *= axis.output;
      taps *= axis.kernel;
    }
  }
};

Result<ProductForm> form_of(const NodeView& view, const ConvTransposeGeometry& geometry,
                            const Sizes& sizes) {
  const std::int64_t columns = geometry.batch * sizes.output_pixels;
  const std::int64_t depth = sizes.channels * sizes.taps;
  if (!is_countable(sizes.filters) || !is_countable(columns) || !is_countable(depth)) {
    return too_large(view);
  }
  ProductForm form;
  form.rows = static_cast<int>(sizes.filters);
  form.columns = static_cast<int>(columns);
  form.depth = static_cast<int>(depth);
  form.bias_row = 1;
  form.y_rows = Steps::by(sizes.output_pixels);
  form.y_columns = Steps::by(sizes.output_pixels, geometry.filters * sizes.output_pixels, 1);
  return form;
}

// The weights [C, M / group, taps].
Steps weight_depth(const Sizes& sizes) {
  return Steps::by(sizes.taps, sizes.filters * sizes.taps, 1);
}

template <typename T>
Kernel bind_product(const ConvTransposeGeometry& geometry, const ProductForm& form,
                    const Input<T>& input) {
  const Sizes sizes(geometry);
  Product<T, Input<T>> product;
  product.form = form;
  product.right = input;
  product.left.lines = Steps::by(sizes.taps);
  product.left.depth = weight_depth(sizes);
  product.left.along_depth = true;
  product.stack.add(geometry.groups, {.left = sizes.channels * sizes.filters * sizes.taps,
                                      .right = sizes.channels * sizes.input_pixels,
                                      .y = sizes.filters * sizes.output_pixels,
                                      .bias = sizes.filters});
  return
      [product](const KernelArgs& args) { return product.run(args.in<T>(1), args.in<T>(0), args); };
}

template <typename T>
Kernel bind_direct(const ConvTransposeGeometry& geometry, const Input<T>& input) {
  const Sizes sizes(geometry);
  DirectBody<T, true> body;
  body.x = input;
  body.filters = Divisor(geometry.filters);
  body.group = Divisor(sizes.filters);
  body.pixels = Divisor(sizes.output_pixels);
  body.pixel_count = static_cast<int>(sizes.output_pixels);
  body.depth = static_cast<int>(sizes.channels * sizes.taps);
  body.weight_depth = weight_depth(sizes);
  body.x_group = sizes.channels * sizes.input_pixels;
  body.w_filter = sizes.taps;
  body.w_group = sizes.channels * sizes.filters * sizes.taps;
  return direct_kernel<T>(body, geometry.output_shape.elements());
}

template <typename T>
Result<Kernel> bind_of(const NodeView& view, const ConvTransposeGeometry& geometry) {
  constexpr std::int64_t kFewFilters = 4;
  const Sizes sizes(geometry);
  MI_ASSIGN(const ProductForm form, form_of(view, geometry, sizes));
  Input<T> input;
  input.image_step = geometry.channels * sizes.input_pixels;
  input.channel_step = sizes.input_pixels;
  if (!input.resolve(geometry.window, sizes.channels, 1)) return too_large(view);
  const bool direct = sizes.filters < kFewFilters && is_countable(geometry.output_shape.elements());
  return direct ? bind_direct<T>(geometry, input) : bind_product<T>(geometry, form, input);
}

Result<Kernel> bind_conv_transpose(const NodeView& view) {
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) -> Result<Kernel> {
                         MI_ASSIGN(const auto geometry, ops::conv_transpose_geometry(view));
                         if (geometry.output_shape.elements() == 0) return nothing_to_do();
                         return bind_of<T>(view, geometry);
                       });
}

constexpr KernelEntry kTable[] = {{"ConvTranspose", bind_conv_transpose}};

}  // namespace

extern constinit const std::span<const KernelEntry> kConvTransposeKernels = kTable;

}  // namespace mini_infer::cuda
