#include "cuda/reduce.h"

namespace mini_infer::cuda {
namespace {

template <template <typename> typename Op>
core::Result<ops::Kernel> bind_real(const ops::NodeView& view) {
  return bind_reduction_of<Op>(view, ops::kFloats);
}

constexpr KernelEntry kTable[] = {
    {"ReduceLogSum", bind_real<ops::LogOfSum>},
    {"ReduceLogSumExp", bind_real<ops::LogOfSumOfExp>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kReduceLogKernels = kTable;

}  // namespace mini_infer::cuda
