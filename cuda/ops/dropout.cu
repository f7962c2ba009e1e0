#include "cuda/backend.h"
#include "cuda/fill.h"
#include "cuda/map.h"
#include "ops/dispatch.h"
#include "ops/dropout.h"

namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// An output that may be left out.
template <typename T>
T* optional_output(const KernelArgs& args, std::size_t slot) {
  return slot < args.outputs.size() ? static_cast<T*>(args.outputs[slot]) : nullptr;
}

// Mask is bool, or before opset 10 the type of the data.
template <typename Mask>
Kernel pass_through(std::int64_t bytes, std::int64_t count) {
  return [bytes, count](const KernelArgs& args) -> Status {
    if (args.inputs[0] != args.outputs[0]) {
      MI_TRY((map<std::uint8_t, std::uint8_t>("dropout", bytes, args, ops::Unchanged{})));
    }
    Mask* mask = optional_output<Mask>(args, 1);
    if (mask == nullptr) return Status::SUCCESS;
    return fill("dropout_mask", mask, count, ops::convert<Mask>(1), args.queue);
  };
}

template <typename T>
struct DropBody {
  const T* x;
  T* y;                // or null
  std::uint8_t* mask;  // or null
  ops::Dropout dropout;
  ops::Wide<T> scale;

  __device__ void operator()(std::int64_t i) const {
    const bool kept = dropout.keeps(static_cast<std::uint64_t>(i));
    if (y != nullptr) y[i] = kept ? ops::convert<T>(ops::widened(x[i]) * scale) : T{};
    if (mask != nullptr) mask[i] = kept;
  }
};

template <typename T>
Kernel drop(const ops::Dropout& dropout, std::int64_t count) {
  const auto scale = static_cast<ops::Wide<T>>(1.0 / (1.0 - dropout.ratio));
  return [=](const KernelArgs& args) {
    return for_each("dropout", count, args.queue,
                    DropBody<T>{args.in<T>(0), args.out<T>(0),
                                optional_output<std::uint8_t>(args, 1), dropout, scale});
  };
}

Result<Kernel> bind_dropout(const NodeView& view) {
  MI_ASSIGN(const ops::Dropout dropout, ops::dropout_of(view));
  const std::int64_t count = view.input_shape(0).elements();
  const DataType type = view.input_type(0);
  if (dropout.ratio > 0) {
    return ops::for_type(view, type, ops::kFloats,
                         [&]<typename T>(T) { return drop<T>(dropout, count); });
  }
  const auto bytes = static_cast<std::int64_t>(
      view.has_output(0) ? *core::checked_bytes(type, view.input_shape(0)) : 0);
  if (!view.has_output(1) || view.output_type(1) == DataType::kBool) {
    return pass_through<std::uint8_t>(bytes, count);
  }
  return ops::for_type(view, type, ops::kFloats,
                       [&]<typename T>(T) { return pass_through<T>(bytes, count); });
}

constexpr KernelEntry kTable[] = {{"Dropout", bind_dropout}};

}  // namespace

extern constinit const std::span<const KernelEntry> kDropoutKernels = kTable;

}  // namespace mini_infer::cuda
