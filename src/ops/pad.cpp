#include "ops/pad.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/float16.h"
#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;

constexpr int kInputs = 11;  // the opset since which pads and value are inputs
constexpr int kPads = 1;
constexpr int kValue = 2;
constexpr int kAxes = 3;

Result<PadMode> mode_of(const NodeView& view) {
  const std::string name = view.node().get_string("mode", "constant");
  if (name == "constant") return PadMode::kConstant;
  if (name == "reflect") return PadMode::kReflect;
  if (name == "edge") return PadMode::kEdge;
  if (name == "wrap") return PadMode::kWrap;
  return view.fail("mode '" + name + "' is none of constant, reflect, edge, wrap");
}

Result<std::vector<int>> padded_axes(const NodeView& view, int rank) {
  std::vector<std::int64_t> stated(static_cast<std::size_t>(rank));
  std::iota(stated.begin(), stated.end(), std::int64_t{0});
  if (view.has_input(kAxes)) {
    MI_ASSIGN(stated, view.ints(kAxes));
  }
  return normalize_axes(view, stated, rank);
}

Result<PadAxis> pad_axis(const NodeView& view, int index, std::int64_t before, std::int64_t after,
                         PadMode mode) {
  const std::int64_t extent = view.input_shape(0)[index];
  const auto text = [&] {
    return "pads " + std::to_string(before) + " and " + std::to_string(after) + " of axis " +
           std::to_string(index) + " with " + std::to_string(extent) + " elements";
  };
  PadAxis axis;
  axis.before = std::max<std::int64_t>(before, 0);
  axis.after = std::max<std::int64_t>(after, 0);
  // Negative pads crop; below -extent there is nothing left to crop.
  if (before < -extent || after < -extent) return view.fail(text() + " crop more than there is");
  axis.skipped = std::max<std::int64_t>(-before, 0);
  axis.kept = extent - axis.skipped - std::max<std::int64_t>(-after, 0);
  if (axis.kept < 0) return view.fail(text() + " crop more than there is");
  std::int64_t padded = 0;
  if (__builtin_add_overflow(axis.kept, axis.before, &padded) ||
      __builtin_add_overflow(padded, axis.after, &padded)) {
    return view.fail(text() + " give no extent");
  }
  if (mode != PadMode::kConstant && axis.kept == 0 && padded > 0) {
    return view.fail(text() + " repeat elements of an empty axis");
  }
  return axis;
}

Status check_value(const NodeView& view) {
  if (!view.has_input(kValue)) return Status::SUCCESS;
  if (view.input_shape(kValue).elements() != 1) {
    return view.fail("constant_value (input 2): expected one element, found " +
                     view.input_shape(kValue).to_string());
  }
  if (view.input_type(kValue) != view.input_type(0)) {
    return view.fail(std::string("constant_value (input 2): expected ") +
                     core::type_name(view.input_type(0)) + ", found " +
                     core::type_name(view.input_type(kValue)));
  }
  return Status::SUCCESS;
}

Status infer_pad(InferContext& context) {
  if (context.opset() < kInputs) {
    MI_TRY(context.expect_inputs(1, 1));
  } else {
    MI_TRY(context.expect_inputs(2, 4));
  }
  MI_TRY(check_value(context));
  MI_ASSIGN(const PadGeometry geometry, pad_geometry(context));
  std::vector<std::int64_t> extents;
  for (const PadAxis& axis : geometry.axes) extents.push_back(axis.output());
  context.set_output(0, context.input_type(0), Shape(std::move(extents)));
  return Status::SUCCESS;
}

bool pads_nothing(const NodeView& view) {
  const auto geometry = pad_geometry(view);
  if (!geometry.ok()) return false;
  for (std::size_t i = 0; i < geometry->axes.size(); ++i) {
    const PadAxis& axis = geometry->axes[i];
    if (axis.skipped != 0 || axis.output() != view.input_shape(0)[static_cast<int>(i)] ||
        axis.before != 0) {
      return false;
    }
  }
  return true;
}

template <typename T>
std::array<std::byte, 16> bytes_of(T value) {
  std::array<std::byte, 16> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

constexpr OpDef kTable[] = {{.type = "Pad",
                             .since = 2,
                             .infer = infer_pad,
                             .alias = {{{AliasKind::kView, 0, 0}}},
                             .alias_holds = pads_nothing,
                             .value_inputs = inputs(kPads, kAxes)}};

}  // namespace

Result<PadGeometry> pad_geometry(const NodeView& view) {
  PadGeometry geometry;
  MI_ASSIGN(geometry.mode, mode_of(view));
  const int rank = view.input_shape(0).rank();
  MI_ASSIGN(const std::vector<std::int64_t> pads, view.ints("pads", kPads, {}));
  MI_ASSIGN(const std::vector<int> axes, padded_axes(view, rank));
  if (pads.size() != 2 * axes.size()) {
    return view.fail("pads: expected " + std::to_string(2 * axes.size()) + " numbers, found " +
                     std::to_string(pads.size()));
  }
  for (std::int64_t extent : view.input_shape(0)) geometry.axes.push_back({.kept = extent});
  for (std::size_t i = 0; i < axes.size(); ++i) {
    MI_ASSIGN(geometry.axes[static_cast<std::size_t>(axes[i])],
              pad_axis(view, axes[i], pads[i], pads[axes.size() + i], geometry.mode));
  }
  return geometry;
}

core::Result<std::array<std::byte, 16>> stated_padding(const NodeView& view) {
  const core::DataType type = view.input_type(0);
  const float value = view.node().get_float("value", 0.0f);
  if (value == 0) return std::array<std::byte, 16>{};
  switch (type) {
    case core::DataType::kFloat32:
      return bytes_of(value);
    case core::DataType::kFloat64:
      return bytes_of<double>(value);
    case core::DataType::kFloat16:
      return bytes_of(to_float16(value));
    case core::DataType::kBFloat16:
      return bytes_of(to_bfloat16(value));
    default:
      return view.unsupported_type(type);
  }
}

extern constinit const std::span<const OpDef> kPadOps = kTable;

}  // namespace mini_infer::ops
