#include "ops/dropout.h"

#include <algorithm>
#include <cstring>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// Mask is bool, or before opset 10 the type of the data.
template <typename Mask>
Kernel pass_through(std::size_t bytes, std::int64_t count) {
  return [bytes, count](const KernelArgs& args) -> Status {
    if (bytes > 0 && args.inputs[0] != args.outputs[0]) {
      std::memcpy(args.outputs[0], args.inputs[0], bytes);
    }
    if (args.outputs.size() > 1 && args.outputs[1] != nullptr) {
      std::fill_n(args.out<Mask>(1), count, ops::convert<Mask>(1));
    }
    return Status::SUCCESS;
  };
}

template <typename T>
Kernel drop(const ops::Dropout& dropout, std::int64_t count) {
  return [dropout, count](const KernelArgs& args) -> Status {
    const auto scale = static_cast<Wide<T>>(1.0 / (1.0 - dropout.ratio));
    const auto* x = args.in<T>(0);
    auto* y = args.out<T>(0);
    auto* mask = args.outputs.size() > 1 ? args.out<std::uint8_t>(1) : nullptr;
    for (std::int64_t i = 0; i < count; ++i) {
      const bool kept = dropout.keeps(static_cast<std::uint64_t>(i));
      if (y != nullptr) y[i] = kept ? ops::convert<T>(ops::widened(x[i]) * scale) : T{};
      if (mask != nullptr) mask[i] = kept;
    }
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_dropout(const NodeView& view) {
  MI_ASSIGN(const ops::Dropout dropout, ops::dropout_of(view));
  const std::int64_t count = view.input_shape(0).elements();
  const DataType type = view.input_type(0);
  if (dropout.ratio > 0) {
    return for_type(view, type, kFloats,
                    [&](auto zero) { return drop<decltype(zero)>(dropout, count); });
  }
  const std::size_t bytes =
      view.has_output(0) ? *core::checked_bytes(type, view.input_shape(0)) : 0;
  if (!view.has_output(1) || view.output_type(1) == DataType::kBool) {
    return pass_through<std::uint8_t>(bytes, count);
  }
  return for_type(view, type, kFloats,
                  [&](auto one) -> Kernel { return pass_through<decltype(one)>(bytes, count); });
}

constexpr KernelEntry kTable[] = {{"Dropout", bind_dropout}};

}  // namespace

extern constinit const std::span<const KernelEntry> kDropoutKernels = kTable;

}  // namespace mini_infer::cpu
