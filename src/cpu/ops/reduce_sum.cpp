#include "cpu/backend.h"
#include "cpu/ops/reduce.h"

namespace mini_infer::cpu {
namespace {

template <template <typename> typename Op>
core::Result<ops::Kernel> bind_number(const ops::NodeView& view) {
  return bind_reduction_of<Op>(view, kFloats + kWideIntegers);
}

constexpr KernelEntry kTable[] = {
    {"ReduceSum", bind_number<ops::Sum>},      {"ReduceMean", bind_number<ops::Mean>},
    {"ReduceProd", bind_number<ops::Product>}, {"ReduceL1", bind_number<ops::SumOfMagnitudes>},
    {"ReduceL2", bind_number<ops::Length>},    {"ReduceSumSquare", bind_number<ops::SumOfSquares>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kReduceSumKernels = kTable;

}  // namespace mini_infer::cpu
