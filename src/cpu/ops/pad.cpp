#include "ops/pad.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "cpu/backend.h"

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

void copy_bytes(const std::byte* from, std::byte* to, std::int64_t bytes) {
  if (bytes > 0) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

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
      const std::int64_t index = ops::padding_source(mode_, axis, position);
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

Result<Kernel> bind_pad(const NodeView& view) {
  const DataType type = view.input_type(0);
  if (core::bits_per_element(type) < 8) return view.unsupported_type(type);
  if (view.input_shape(0).rank() > kMaxRank) {
    return view.unsupported("a tensor of rank " + std::to_string(view.input_shape(0).rank()));
  }
  MI_ASSIGN(const PadGeometry geometry, ops::pad_geometry(view));
  Element stated{.size = core::bits_per_element(type) / 8};
  MI_ASSIGN(stated.bytes, ops::stated_padding(view));
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
