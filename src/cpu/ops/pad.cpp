#include "ops/pad.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "cpu/backend.h"
#include "ops/float16.h"

// Pads tensors of any type: elements are only moved.
namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::PadAxis;
using ops::PadGeometry;
using ops::PadMode;

constexpr int kMaxRank = 32;  // the copy calls itself once per axis

// Which kept element stands at `position` of the padded axis; -1 for the constant.
std::int64_t source(PadMode mode, const PadAxis& axis, std::int64_t position) {
  const std::int64_t at = position - axis.before;
  const std::int64_t last = axis.kept - 1;
  switch (mode) {
    case PadMode::kConstant:
      return at < 0 || at > last ? -1 : at;
    case PadMode::kEdge:
      return std::clamp<std::int64_t>(at, 0, last);
    case PadMode::kWrap:
      return (at % axis.kept + axis.kept) % axis.kept;
    case PadMode::kReflect: {
      if (last == 0) return 0;
      const std::int64_t period = 2 * last;
      const std::int64_t phase = (at % period + period) % period;
      return phase > last ? period - phase : phase;
    }
  }
  return -1;
}

void copy_bytes(const std::byte* from, std::byte* to, std::int64_t bytes) {
  if (bytes > 0) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

// The bytes of one element, all zero unless said otherwise.
struct Element {
  std::array<std::byte, 16> bytes = {};
  std::int64_t size = 0;

  void fill(std::byte* to, std::int64_t count) const {
    copy_bytes(bytes.data(), to, std::min(size, count));
    for (std::int64_t done = size; done < count; done *= 2) {
      copy_bytes(to, to + done, std::min(done, count - done));
    }
  }
};

// One padded axis, and the bytes of one of its elements on either side.
struct Level {
  PadAxis axis;
  std::int64_t input_step, output_step;
};

class Pad {
 public:
  Pad(const PadGeometry& geometry, const core::Shape& input, std::int64_t element_size)
      : mode_(geometry.mode) {
    std::int64_t input_step = element_size;
    std::int64_t output_step = element_size;
    for (int i = input.rank() - 1; i >= 0; --i) {
      const PadAxis& axis = geometry.axes[static_cast<std::size_t>(i)];
      const bool touched = axis.kept != input[i] || axis.output() != input[i];
      // The last axes are moved as one block as long as none is touched.
      if (touched || !levels_.empty()) levels_.push_back({axis, input_step, output_step});
      input_step *= input[i];
      output_step *= axis.output();
    }
    std::reverse(levels_.begin(), levels_.end());
    bytes_ = output_step;
  }

  void run(const std::byte* x, std::byte* y, const Element& value) const {
    if (bytes_ == 0) return;
    if (!levels_.empty()) return pad(0, x, y, value);
    if (x != y) copy_bytes(x, y, bytes_);
  }

 private:
  void pad(std::size_t level, const std::byte* x, std::byte* y, const Element& value) const {
    const auto& [axis, input_step, output_step] = levels_[level];
    const bool innermost = level + 1 == levels_.size();
    for (std::int64_t position = 0; position < axis.output(); ++position) {
      std::byte* to = y + position * output_step;
      if (innermost && position == axis.before && axis.kept > 0) {
        copy_bytes(x + axis.skipped * input_step, to, axis.kept * input_step);
        position += axis.kept - 1;
        continue;
      }
      const std::int64_t index = source(mode_, axis, position);
      if (index < 0) {
        value.fill(to, output_step);
        continue;
      }
      const std::byte* from = x + (axis.skipped + index) * input_step;
      if (innermost) {
        copy_bytes(from, to, output_step);
      } else {
        pad(level + 1, from, to, value);
      }
    }
  }

  PadMode mode_;
  std::vector<Level> levels_;
  std::int64_t bytes_ = 0;
};

template <typename T>
Element element_of(T value) {
  Element element{.size = sizeof(T)};
  std::memcpy(element.bytes.data(), &value, sizeof(T));
  return element;
}

// The attribute `value` of the opsets before 11, where tensors are floating.
Result<Element> stated_value(const NodeView& view) {
  const DataType type = view.input_type(0);
  const float value = view.node().get_float("value", 0.0f);
  if (value == 0) return Element{.size = core::bits_per_element(type) / 8};
  switch (type) {
    case DataType::kFloat32:
      return element_of(value);
    case DataType::kFloat64:
      return element_of<double>(value);
    case DataType::kFloat16:
      return element_of(ops::to_float16(value));
    case DataType::kBFloat16:
      return element_of(ops::to_bfloat16(value));
    default:
      return view.unsupported_type(type);
  }
}

Result<Kernel> bind_pad(const NodeView& view) {
  const DataType type = view.input_type(0);
  if (core::bits_per_element(type) < 8) return view.unsupported_type(type);
  if (view.input_shape(0).rank() > kMaxRank) {
    return view.unsupported("a tensor of rank " + std::to_string(view.input_shape(0).rank()));
  }
  MI_ASSIGN(const PadGeometry geometry, ops::pad_geometry(view));
  MI_ASSIGN(const Element stated, stated_value(view));
  const Pad pad(geometry, view.input_shape(0), stated.size);
  const bool value_is_input = view.has_input(2);
  return Kernel([pad, stated, value_is_input](const KernelArgs& args) -> Status {
    Element value = stated;
    if (value_is_input) copy_bytes(args.in<std::byte>(2), value.bytes.data(), value.size);
    pad.run(args.in<std::byte>(0), args.out<std::byte>(0), value);
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {{"Pad", bind_pad}};

}  // namespace

extern constinit const std::span<const KernelEntry> kPadKernels = kTable;

}  // namespace mini_infer::cpu
