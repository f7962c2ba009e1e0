#include "cpu/ops/binary.h"
#include "ops/functor.h"

// Logic of bools and of the bits of integers.
namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using ops::Kernel;
using ops::NodeView;

template <typename Function>
Result<Kernel> bind_bools(const NodeView& view, const BindContext& context) {
  if (view.input_type(0) != DataType::kBool) return view.unsupported_type(view.input_type(0));
  return bind_binary(view, context, DataType::kUInt8, Types<std::uint8_t>{}, Function{});
}

template <typename Function>
Result<Kernel> bind_bits(const NodeView& view, const BindContext& context) {
  return bind_binary(view, context, as_unsigned(view.input_type(0)), kUnsignedIntegers, Function{});
}

Result<Kernel> bind_shift(const NodeView& view, const BindContext& context) {
  const DataType type = view.input_type(0);
  if (view.node().get_string("direction", "") == "LEFT") {
    return bind_binary(view, context, type, kUnsignedIntegers, ops::ShiftLeft{});
  }
  return bind_binary(view, context, type, kUnsignedIntegers, ops::ShiftRight{});
}

constexpr KernelEntry kTable[] = {
    {"And", bind_bools<ops::BitwiseAnd>},
    {"Or", bind_bools<ops::BitwiseOr>},
    {"Xor", bind_bools<ops::BitwiseXor>},
    {"BitwiseAnd", bind_bits<ops::BitwiseAnd>},
    {"BitwiseOr", bind_bits<ops::BitwiseOr>},
    {"BitwiseXor", bind_bits<ops::BitwiseXor>},
    {"BitShift", bind_shift},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kLogicalKernels = kTable;

}  // namespace mini_infer::cpu
