#include "cuda/backend.h"
#include "cuda/map.h"
#include "ops/alias.h"
#include "ops/functor.h"

// Operators that move whole tensors, if anything.
namespace mini_infer::cuda {
namespace {

core::Result<ops::Kernel> bind_copy(const ops::NodeView& view) {
  const auto bytes = core::checked_bytes(view.input_type(0), view.input_shape(0));
  if (!bytes) return view.unsupported_type(view.input_type(0));
  ops::Kernel copy = map_kernel<std::uint8_t, std::uint8_t>(
      "copy", static_cast<std::int64_t>(*bytes), ops::Unchanged{});
  return ops::Kernel([copy](const ops::KernelArgs& args) -> core::Status {
    if (args.inputs[0] == args.outputs[0]) return core::Status::SUCCESS;
    return copy(args);
  });
}

constexpr KernelEntry kTable[] = {
    {"Identity", bind_copy}, {"Reshape", bind_copy},   {"Flatten", bind_copy},
    {"Squeeze", bind_copy},  {"Unsqueeze", bind_copy}, {"Copy", bind_copy, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kViewKernels = kTable;

}  // namespace mini_infer::cuda
