#include <cstring>

#include "cpu/backend.h"

namespace mini_infer::cpu {
namespace {

// Bytes are bytes: every type that has a size is served.
core::Result<ops::Kernel> bind_view(const ops::NodeView& view) {
  const auto bytes = core::checked_bytes(view.input_type(0), view.input_shape(0));
  if (!bytes) return view.unsupported_type(view.input_type(0));
  return ops::Kernel([bytes = *bytes](const ops::KernelArgs& args) -> core::Status {
    if (bytes > 0 && args.inputs[0] != args.outputs[0]) {
      std::memcpy(args.outputs[0], args.inputs[0], bytes);
    }
    return core::Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {
    {"Identity", bind_view}, {"Reshape", bind_view},   {"Flatten", bind_view},
    {"Squeeze", bind_view},  {"Unsqueeze", bind_view},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kViewKernels = kTable;

}  // namespace mini_infer::cpu
