#include "cpu/backend.h"

#include <algorithm>

namespace mini_infer::cpu {

// One table per file of kernels; add yours here and below.
extern const std::span<const KernelEntry> kUnaryKernels;

namespace {

class CpuBackend final : public ops::Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  core::Result<ops::Kernel> bind(const ops::NodeView& view) const override {
    for (const auto* table : {&kUnaryKernels}) {
      for (const KernelEntry& entry : *table) {
        if (view.node().is(entry.type, entry.domain)) return entry.bind(view);
      }
    }
    return view.unsupported("this operator on the CPU");
  }
};

}  // namespace

const ops::Backend& backend() {
  static const CpuBackend instance;
  return instance;
}

}  // namespace mini_infer::cpu
