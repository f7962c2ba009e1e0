#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/conv_depthwise.h"
#include "cuda/conv_direct.h"
#include "cuda/conv_stem.h"
#include "cuda/pack_weights.h"
#include "cuda/product.h"
#include "cuda/window.h"
#include "ops/conv.h"

// Conv, and what the optimiser makes of it: per group a product of filters and windows.
namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::ConvGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::Layout;
using ops::NodeView;

constexpr int kWeights = 1;

bool channels_last(const ConvGeometry& geometry) { return geometry.layout == Layout::kNhwc; }
bool input_channels_last(const ConvGeometry& geometry) {
  return geometry.input_layout == Layout::kNhwc;
}

template <typename T>
Result<WindowOperand<T>> input_of(const NodeView& view, const ConvGeometry& geometry,
                                  const WindowSizes& sizes) {
  WindowOperand<T> input;
  const bool last = input_channels_last(geometry);
  input.image_step = (last ? geometry.input_pitch : geometry.channels) * sizes.input_pixels;
  input.channel_step = last ? 1 : sizes.input_pixels;
  input.along_depth = last;
  if (!input.resolve(geometry.window, geometry.channels_per_group(),
                     last ? geometry.input_pitch : 1)) {
    return too_large(view);
  }
  return input;
}

// The weights [M, C / group, taps], the depth counted as the input counts it.
template <typename T>
Matrix<T> weights_of(const ConvGeometry& geometry, const WindowSizes& sizes) {
  const std::int64_t channels = geometry.channels_per_group();
  return {
      .lines = Steps::by(channels * sizes.taps),
      .depth = input_channels_last(geometry) ? Steps::by(channels, 1, sizes.taps) : Steps::by(1),
      .along_depth = true};
}

Result<ProductForm> form_of(const NodeView& view, const ConvGeometry& geometry,
                            const WindowSizes& sizes) {
  const std::int64_t columns = geometry.batch * sizes.output_pixels;
  const std::int64_t depth = geometry.channels_per_group() * sizes.taps;
  if (!is_countable(geometry.filters) || !is_countable(columns) || !is_countable(depth)) {
    return too_large(view);
  }
  ProductForm form;
  form.rows = static_cast<int>(geometry.filters_per_group());
  form.columns = static_cast<int>(columns);
  form.depth = static_cast<int>(depth);
  form.bias_row = 1;
  form.along_columns = !channels_last(geometry);
  if (channels_last(geometry)) {
    form.y_rows = Steps::by(1);
    form.y_columns = Steps::by(geometry.output_pitch);
  } else {
    form.y_rows = Steps::by(sizes.output_pixels);
    form.y_columns = Steps::by(sizes.output_pixels, geometry.filters * sizes.output_pixels, 1);
  }
  return form;
}

// From group to group.
Stack stack_of(const ConvGeometry& geometry, const WindowSizes& sizes) {
  const std::int64_t filters = geometry.filters_per_group();
  const std::int64_t channels = geometry.channels_per_group();
  Stack stack;
  stack.add(geometry.groups,
            {.left = filters * channels * sizes.taps,
             .right = channels * (input_channels_last(geometry) ? 1 : sizes.input_pixels),
             .y = filters * (channels_last(geometry) ? 1 : sizes.output_pixels),
             .bias = filters});
  return stack;
}

template <typename T>
Epilogue<T> epilogue_of(const NodeView& view) {
  Epilogue<T> epilogue;
  epilogue.activation = activation_of(view);
  return epilogue;
}

template <typename T>
Result<Kernel> bind_product(const NodeView& view, const ConvGeometry& geometry) {
  const WindowSizes sizes(geometry.window);
  Product<T, WindowOperand<T>> product;
  MI_ASSIGN(product.form, form_of(view, geometry, sizes));
  MI_ASSIGN(product.right, input_of<T>(view, geometry, sizes));
  product.left = weights_of<T>(geometry, sizes);
  product.stack = stack_of(geometry, sizes);
  product.epilogue = epilogue_of<T>(view);
  return named(std::string("implicit ") + product.name(), [product](const KernelArgs& args) {
    return product.run(args.in<T>(kWeights), args.in<T>(0), args);
  });
}

// --- Few filters per group ---

bool is_direct(const ConvGeometry& geometry) {
  return has_few_filters(geometry) && is_countable(geometry.output_shape.elements());
}

template <typename T>
Result<Kernel> bind_direct(const NodeView& view, const ConvGeometry& geometry) {
  const WindowSizes sizes(geometry.window);
  MI_ASSIGN(const WindowOperand<T> input, input_of<T>(view, geometry, sizes));
  const Epilogue<T> epilogue = epilogue_of<T>(view);
  const std::int64_t outputs = geometry.output_shape.elements();
  if (is_depthwise<T>(geometry) && view.constant(kWeights) != nullptr) {
    Kernel kernel = named("depthwise", bind_depthwise<T>(geometry, epilogue));
    kernel.packed.push_back(transposed_weights(view, kWeights, 1, geometry.channels, sizes.taps));
    return kernel;
  }
  DirectBody<T> body;
  body.x = input;
  body.epilogue = epilogue;
  body.channels_last = channels_last(geometry);
  body.filters = Divisor(geometry.filters);
  body.y_pitch = geometry.output_pitch;
  body.group = Divisor(geometry.filters_per_group());
  body.pixels = Divisor(sizes.output_pixels);
  body.pixel_count = static_cast<int>(sizes.output_pixels);
  body.depth = static_cast<int>(geometry.channels_per_group() * sizes.taps);
  body.weight_depth = weights_of<T>(geometry, sizes).depth;
  body.x_group = geometry.channels_per_group() * input.channel_step;
  body.w_filter = geometry.channels_per_group() * sizes.taps;
  body.w_group = geometry.filters_per_group() * body.w_filter;
  return named("direct", direct_kernel<T>(body, outputs));
}

Result<Kernel> bind_conv(const NodeView& view) {
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) -> Result<Kernel> {
                         MI_ASSIGN(const ConvGeometry geometry, ops::conv_geometry(view));
                         if (geometry.output_shape.elements() == 0) return nothing_to_do();
                         if (is_direct(geometry)) return bind_direct<T>(view, geometry);
                         if constexpr (sizeof(T) == 2) {
                           if (stem::suits<T>(geometry)) {
                             return named("stem", stem::bind<T>(geometry, epilogue_of<T>(view)));
                           }
                         }
                         return bind_product<T>(view, geometry);
                       });
}

constexpr KernelEntry kTable[] = {
    {"Conv", bind_conv},
    {"Conv", bind_conv, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kConvKernels = kTable;

}  // namespace mini_infer::cuda
