#include <cstring>

#include "cpu/backend.h"
#include "ops/alias.h"

namespace mini_infer::cpu {
namespace {

core::Result<ops::Kernel> bind_copy(const ops::NodeView& view) {
  const std::size_t bytes = ops::bytes_of(view.graph().value(view.node().outputs[0]));
  return ops::Kernel([bytes](const ops::KernelArgs& args) -> core::Status {
    if (bytes > 0) std::memcpy(args.outputs[0], args.inputs[0], bytes);
    return core::Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {{"Copy", bind_copy, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kCopyKernels = kTable;

}  // namespace mini_infer::cpu
