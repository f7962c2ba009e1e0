#include <array>
#include <cstring>

#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/place.h"
#include "cuda/unit.h"
#include "ops/pad.h"

// Pads tensors of any type: elements are only moved.
namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::PadAxis;
using ops::PadGeometry;
using ops::PadMode;

using Bytes = std::array<std::byte, 16>;

// One padded axis, and how far apart its elements are in the input.
struct Level {
  PadAxis axis;
  std::int64_t step;
};

struct Levels {
  static constexpr int kMax = 9;

  PadMode mode = PadMode::kConstant;
  int count = 0;
  Level at[kMax];  // innermost first; extents and steps in units
  std::int64_t output_elements = 1;
  std::int64_t unit_bytes = 1;

  // Where the element at `position` of the output comes from; -1: it is the constant.
  __device__ std::int64_t source(std::int64_t position) const {
    auto rest = static_cast<std::uint64_t>(position);
    std::int64_t offset = 0;
    for (int i = 0; i < count; ++i) {
      const PadAxis& axis = at[i].axis;
      const std::int64_t index = ops::padding_source(mode, axis, take_axis(rest, axis.output()));
      if (index < 0) return -1;
      offset += (axis.skipped + index) * at[i].step;
    }
    return offset;
  }
};

bool is_touched(const PadAxis& axis, std::int64_t extent) {
  return axis.kept != extent || axis.output() != extent;
}

// Neighbouring axes that stay as they are become one.
std::vector<Level> merged_levels(const PadGeometry& geometry, const core::Shape& input) {
  std::vector<Level> levels;
  bool last_touched = true;
  std::int64_t step = 1;
  for (int i = input.rank() - 1; i >= 0; --i) {
    const PadAxis& axis = geometry.axes[static_cast<std::size_t>(i)];
    const bool touched = is_touched(axis, input[i]);
    if (touched || last_touched) {
      levels.push_back({axis, step});
    } else {
      levels.back().axis.kept *= axis.kept;
    }
    last_touched = touched;
    step *= input[i];
  }
  return levels;
}

// The bytes of the widest unit in which elements so wide can be told apart from padding.
std::int64_t unit_of(PadMode mode, const std::vector<Level>& levels, std::int64_t bytes) {
  if (levels.empty()) return bytes;
  const PadAxis& axis = levels[0].axis;
  const bool padded = axis.before != 0 || axis.after != 0;
  if (padded && mode != PadMode::kConstant) return bytes;
  std::int64_t unit = widest_unit(
      {axis.before * bytes, axis.after * bytes, axis.kept * bytes, axis.skipped * bytes});
  for (std::size_t i = 1; i < levels.size(); ++i)
    unit = widest_unit({unit, levels[i].step * bytes});
  return unit;
}

Result<Levels> levels_of(const NodeView& view, std::int64_t bytes) {
  MI_ASSIGN(const PadGeometry geometry, ops::pad_geometry(view));
  std::vector<Level> merged = merged_levels(geometry, view.input_shape(0));
  if (merged.size() > Levels::kMax) {
    return view.unsupported(std::to_string(merged.size()) +
                            " axes that cannot be merged (more than " +
                            std::to_string(Levels::kMax) + ")");
  }
  Levels levels{.mode = geometry.mode, .at = {}};
  levels.unit_bytes = unit_of(geometry.mode, merged, bytes);
  const std::int64_t elements = levels.unit_bytes / bytes;
  levels.output_elements = view.output_shape(0).elements() / elements;
  for (Level& level : merged) {
    if (levels.count == 0) {
      PadAxis& axis = level.axis;
      for (std::int64_t* extent : {&axis.before, &axis.after, &axis.kept, &axis.skipped}) {
        *extent /= elements;
      }
    } else {
      level.step /= elements;
    }
    levels.at[levels.count++] = level;
  }
  return levels;
}

template <typename T>
struct PadBody {
  const T* x;
  T* y;
  Levels levels;
  const std::byte* value;  // of one element, in the device's memory; null: `stated`
  Bytes stated;
  std::int64_t element_bytes;  // a power of two

  __device__ T constant() const {
    Pack<std::byte, sizeof(T)> bytes;
    for (int i = 0; i < static_cast<int>(sizeof(T)); ++i) {
      const auto at = static_cast<std::size_t>(i & (element_bytes - 1));
      bytes.at[i] = value != nullptr ? value[at] : stated[at];
    }
    T unit;
    memcpy(&unit, &bytes, sizeof(T));
    return unit;
  }

  __device__ void operator()(std::int64_t i) const {
    const std::int64_t source = levels.source(i);
    y[i] = source < 0 ? constant() : x[source];
  }
};

Result<Kernel> bind_pad(const NodeView& view) {
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  MI_ASSIGN(const Levels levels, levels_of(view, bytes));
  MI_ASSIGN(const Bytes stated, ops::stated_padding(view));
  const bool value_is_input = view.has_input(2);
  return for_unit(levels.unit_bytes, [&]<typename T>(T) -> Kernel {
    return [=](const KernelArgs& args) -> Status {
      if (args.inputs[0] == args.outputs[0]) return Status::SUCCESS;
      return for_each("pad", levels.output_elements, args.queue,
                      PadBody<T>{args.in<T>(0), args.out<T>(0), levels,
                                 value_is_input ? args.in<std::byte>(2) : nullptr, stated, bytes});
    };
  });
}

constexpr KernelEntry kTable[] = {{"Pad", bind_pad}};

}  // namespace

extern constinit const std::span<const KernelEntry> kPadKernels = kTable;

}  // namespace mini_infer::cuda
