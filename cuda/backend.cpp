#include "cuda/backend.h"

#include "core/try.h"
#include "cuda/device.h"

namespace mini_infer::cuda {

// One table per file of kernels; add yours here and below.
extern const std::span<const KernelEntry> kArgReduceKernels;
extern const std::span<const KernelEntry> kBatchNormalizationKernels;
extern const std::span<const KernelEntry> kBinaryKernels;
extern const std::span<const KernelEntry> kGroupNormalizationKernels;
extern const std::span<const KernelEntry> kLayerNormalizationKernels;
extern const std::span<const KernelEntry> kLrnKernels;
extern const std::span<const KernelEntry> kPoolKernels;
extern const std::span<const KernelEntry> kReduceExtremeKernels;
extern const std::span<const KernelEntry> kReduceLogKernels;
extern const std::span<const KernelEntry> kReduceSumKernels;
extern const std::span<const KernelEntry> kRotaryEmbeddingKernels;
extern const std::span<const KernelEntry> kScaleKernels;
extern const std::span<const KernelEntry> kSoftmaxKernels;
extern const std::span<const KernelEntry> kUnaryKernels;
extern const std::span<const KernelEntry> kViewKernels;

namespace {

class CudaBackend final : public ops::Backend {
 public:
  explicit CudaBackend(std::unique_ptr<ops::Device> device) : device_(std::move(device)) {}

  std::string_view name() const override { return "cuda"; }
  ops::Device* device() const override { return device_.get(); }

  core::Result<ops::Kernel> bind(const ops::NodeView& view,
                                 const ops::BindContext&) const override {
    for (const auto* table :
         {&kArgReduceKernels, &kBatchNormalizationKernels, &kBinaryKernels,
          &kGroupNormalizationKernels, &kLayerNormalizationKernels, &kLrnKernels, &kPoolKernels,
          &kReduceExtremeKernels, &kReduceLogKernels, &kReduceSumKernels, &kRotaryEmbeddingKernels,
          &kScaleKernels, &kSoftmaxKernels, &kUnaryKernels, &kViewKernels}) {
      for (const KernelEntry& entry : *table) {
        if (view.node().is(entry.type, entry.domain)) return entry.bind(view);
      }
    }
    return view.unsupported("this operator on CUDA");
  }

 private:
  std::unique_ptr<ops::Device> device_;
};

}  // namespace

core::Result<std::unique_ptr<ops::Backend>> make_backend(int index) {
  MI_ASSIGN(std::unique_ptr<ops::Device> device, open_device(index));
  return std::unique_ptr<ops::Backend>(std::make_unique<CudaBackend>(std::move(device)));
}

}  // namespace mini_infer::cuda
