#include "ops/einsum.h"

#include <array>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::EinsumAxis;
using ops::EinsumGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

constexpr std::size_t kMaxOperands = 16;

// One element of each operand.
using Offsets = std::array<std::int64_t, kMaxOperands>;

std::int64_t count_of(const std::vector<EinsumAxis>& axes) {
  std::int64_t count = 1;
  for (const EinsumAxis& axis : axes) count *= axis.extent;
  return count;
}

// `from`, moved to position `index` of the axes, counted in row-major order.
Offsets moved(Offsets from, const std::vector<EinsumAxis>& axes, std::int64_t index) {
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    const std::int64_t steps = index % axis->extent;
    index /= axis->extent;
    for (std::size_t i = 0; i < axis->strides.size(); ++i) from[i] += steps * axis->strides[i];
  }
  return from;
}

struct Einsum {
  std::size_t operands = 0;
  std::vector<EinsumAxis> output;
  std::vector<EinsumAxis> summed;
  EinsumAxis innermost;  // of those that are summed over

  template <typename T>
  double sum_along_innermost(const KernelArgs& args, const Offsets& first) const {
    double sum = 0;
    for (std::int64_t step = 0; step < innermost.extent; ++step) {
      double product = 1;
      for (std::size_t i = 0; i < operands; ++i) {
        const T* x = args.in<T>(static_cast<int>(i)) + first[i];
        product *= static_cast<double>(ops::widened(x[step * innermost.strides[i]]));
      }
      sum += product;
    }
    return sum;
  }

  template <typename T>
  void run(const KernelArgs& args) const {
    const std::int64_t outputs = count_of(output);
    const std::int64_t sums = innermost.extent > 0 ? count_of(summed) : 0;
    for (std::int64_t at = 0; at < outputs; ++at) {
      const Offsets first = moved({}, output, at);
      double total = 0;
      for (std::int64_t i = 0; i < sums; ++i) {
        total += sum_along_innermost<T>(args, moved(first, summed, i));
      }
      args.out<T>(0)[at] = ops::convert<T>(total);
    }
  }
};

Result<Kernel> bind_einsum(const NodeView& view) {
  MI_ASSIGN(EinsumGeometry geometry, ops::einsum_geometry(view));
  const auto operands = static_cast<std::size_t>(view.input_count());
  if (operands > kMaxOperands) {
    return view.unsupported("a product of more than " + std::to_string(kMaxOperands) + " inputs");
  }
  Einsum einsum{.operands = operands,
                .output = std::move(geometry.output),
                .summed = std::move(geometry.summed),
                .innermost = {.strides = std::vector<std::int64_t>(operands)}};
  if (!einsum.summed.empty()) {
    einsum.innermost = std::move(einsum.summed.back());
    einsum.summed.pop_back();
  }
  return for_type(view, view.input_type(0), kFloats, [&]<typename T>(T) {
    return Kernel([einsum](const KernelArgs& args) -> Status {
      einsum.run<T>(args);
      return Status::SUCCESS;
    });
  });
}

constexpr KernelEntry kTable[] = {{"Einsum", bind_einsum}};

}  // namespace

extern constinit const std::span<const KernelEntry> kEinsumKernels = kTable;

}  // namespace mini_infer::cpu
