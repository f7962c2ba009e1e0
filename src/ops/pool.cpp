#include "ops/pool.h"

#include <algorithm>

#include "ops/op_def.h"

// Poolings, and in the domain mini_infer the same with the attribute `layout`, "NCHW" (default) or
// "NHWC". Indices of MaxPool exist in NCHW only.
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Status;

// One axis over all elements: their arrangement does not matter.
Window whole_image(const Image& input) {
  const std::int64_t elements = core::Shape(input.spatial).elements();
  Window window;
  window.back() = {.input = elements, .kernel = elements};
  return window;
}

Result<Window> stated_window(const NodeView& view, const Image& input) {
  const auto kernel = view.node().get_ints("kernel_shape");
  if (kernel.empty()) return view.fail("the attribute kernel_shape is missing");
  return sliding_window(view, input.spatial, kernel);
}

bool is_global(const graph::Node& node) { return node.op.starts_with("Global"); }

Status infer_pool(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  MI_ASSIGN(PoolGeometry geometry, pool_geometry(context));
  context.set_output(0, context.input_type(0), std::move(geometry.output_shape));
  return Status::SUCCESS;
}

Status infer_max_pool(InferContext& context) {
  MI_TRY(infer_pool(context));
  if (!context.has_output(1)) return Status::SUCCESS;
  MI_ASSIGN(const Layout layout, layout_of(context));
  if (layout != Layout::kNchw) return context.unsupported("Indices in layout NHWC");
  MI_ASSIGN(PoolGeometry geometry, pool_geometry(context));
  context.set_output(1, core::DataType::kInt64, std::move(geometry.output_shape));
  return Status::SUCCESS;
}

// Channels last, a pixel is a row.
PitchedSlots pitched_pixels(const NodeView& view) {
  const auto layout = layout_of(view);
  if (!layout.ok() || *layout != Layout::kNhwc) return {};
  return {.inputs = inputs(0), .output = true};
}

constexpr std::string_view kInternal = graph::kInternalDomain;

constexpr OpDef kTable[] = {
    {.type = "MaxPool", .since = 1, .infer = infer_max_pool},
    {.type = "MaxPool", .domain = kInternal, .infer = infer_max_pool, .pitched = pitched_pixels},
    {.type = "AveragePool", .infer = infer_pool},
    {.type = "AveragePool", .domain = kInternal, .infer = infer_pool, .pitched = pitched_pixels},
    {.type = "LpPool", .since = 2, .infer = infer_pool},
    {.type = "GlobalMaxPool", .since = 1, .infer = infer_pool},
    {.type = "GlobalMaxPool", .domain = kInternal, .infer = infer_pool, .pitched = pitched_pixels},
    {.type = "GlobalAveragePool", .since = 1, .infer = infer_pool},
    {.type = "GlobalAveragePool",
     .domain = kInternal,
     .infer = infer_pool,
     .pitched = pitched_pixels},
    {.type = "GlobalLpPool", .since = 2, .infer = infer_pool},
};

}  // namespace

Result<PoolGeometry> pool_geometry(const NodeView& view) {
  MI_ASSIGN(const Layout layout, layout_of(view));
  MI_ASSIGN(Image image, image_of(view, 0, layout));
  PoolGeometry geometry;
  if (is_global(view.node())) {
    geometry.window = whole_image(image);
    std::fill(image.spatial.begin(), image.spatial.end(), 1);
  } else {
    MI_ASSIGN(geometry.window, stated_window(view, image));
    image.spatial = output_extents(geometry.window, image.rank());
  }
  const bool channels_first = layout == Layout::kNchw;
  geometry.outer = channels_first ? image.batch * image.channels : image.batch;
  geometry.inner = channels_first ? 1 : image.channels;
  geometry.input_pitch = channels_first ? 1 : view.input_pitch(0, image.channels);
  geometry.output_pitch = channels_first ? 1 : view.output_pitch(0, image.channels);
  geometry.output_shape = image.shape(layout);
  return geometry;
}

extern constinit const std::span<const OpDef> kPoolOps = kTable;

}  // namespace mini_infer::ops
