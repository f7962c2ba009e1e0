#include "cuda/reduce.h"

namespace mini_infer::cuda {
namespace {

// Greatest and least elements exist of bytes and, as BoolOp, of bools too.
template <template <typename> typename Op, typename BoolOp>
core::Result<ops::Kernel> bind_extreme(const ops::NodeView& view) {
  if (view.input_type(0) == core::DataType::kBool) return bind_reduction<BoolOp, ops::Bool>(view);
  constexpr ops::Types<std::int8_t, std::uint8_t> kBytes;
  return bind_reduction_of<Op>(view, ops::kFloats + ops::kWideIntegers + kBytes);
}

constexpr KernelEntry kTable[] = {
    {"ReduceMax", bind_extreme<ops::Greatest, ops::Greatest<std::uint8_t>>},
    {"ReduceMin", bind_extreme<ops::Least, ops::LeastBool>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kReduceExtremeKernels = kTable;

}  // namespace mini_infer::cuda
