#include "cuda/backend.h"

#include "core/try.h"

namespace mini_infer::cuda {

// One table per file of kernels; add yours here and below.
extern const std::span<const KernelEntry> kArgReduceKernels;
extern const std::span<const KernelEntry> kAttentionKernels;
extern const std::span<const KernelEntry> kBatchNormalizationKernels;
extern const std::span<const KernelEntry> kBinaryKernels;
extern const std::span<const KernelEntry> kCastKernels;
extern const std::span<const KernelEntry> kClipKernels;
extern const std::span<const KernelEntry> kConvKernels;
extern const std::span<const KernelEntry> kConvTransposeKernels;
extern const std::span<const KernelEntry> kCumSumKernels;
extern const std::span<const KernelEntry> kDropoutKernels;
extern const std::span<const KernelEntry> kEinsumKernels;
extern const std::span<const KernelEntry> kGatherKernels;
extern const std::span<const KernelEntry> kGemmKernels;
extern const std::span<const KernelEntry> kGroupNormalizationKernels;
extern const std::span<const KernelEntry> kLayerNormalizationKernels;
extern const std::span<const KernelEntry> kLrnKernels;
extern const std::span<const KernelEntry> kMovementKernels;
extern const std::span<const KernelEntry> kOneHotKernels;
extern const std::span<const KernelEntry> kPadKernels;
extern const std::span<const KernelEntry> kPoolKernels;
extern const std::span<const KernelEntry> kReduceExtremeKernels;
extern const std::span<const KernelEntry> kReduceLogKernels;
extern const std::span<const KernelEntry> kReduceSumKernels;
extern const std::span<const KernelEntry> kRotaryEmbeddingKernels;
extern const std::span<const KernelEntry> kScaleKernels;
extern const std::span<const KernelEntry> kScatterNdKernels;
extern const std::span<const KernelEntry> kShapeValueKernels;
extern const std::span<const KernelEntry> kSoftmaxKernels;
extern const std::span<const KernelEntry> kTriluKernels;
extern const std::span<const KernelEntry> kUnaryKernels;
extern const std::span<const KernelEntry> kVariadicKernels;
extern const std::span<const KernelEntry> kViewKernels;
extern const std::span<const KernelEntry> kWhereKernels;

namespace {

constexpr const std::span<const KernelEntry>* kTables[] = {&kArgReduceKernels,
                                                           &kAttentionKernels,
                                                           &kBatchNormalizationKernels,
                                                           &kBinaryKernels,
                                                           &kCastKernels,
                                                           &kClipKernels,
                                                           &kConvKernels,
                                                           &kConvTransposeKernels,
                                                           &kCumSumKernels,
                                                           &kDropoutKernels,
                                                           &kEinsumKernels,
                                                           &kGatherKernels,
                                                           &kGemmKernels,
                                                           &kGroupNormalizationKernels,
                                                           &kLayerNormalizationKernels,
                                                           &kLrnKernels,
                                                           &kMovementKernels,
                                                           &kOneHotKernels,
                                                           &kPadKernels,
                                                           &kPoolKernels,
                                                           &kReduceExtremeKernels,
                                                           &kReduceLogKernels,
                                                           &kReduceSumKernels,
                                                           &kRotaryEmbeddingKernels,
                                                           &kScaleKernels,
                                                           &kScatterNdKernels,
                                                           &kShapeValueKernels,
                                                           &kSoftmaxKernels,
                                                           &kTriluKernels,
                                                           &kUnaryKernels,
                                                           &kVariadicKernels,
                                                           &kViewKernels,
                                                           &kWhereKernels};

class CudaBackend final : public ops::Backend {
 public:
  CudaBackend(std::unique_ptr<ops::Device> device, KernelSources sources, Judge judge)
      : device_(std::move(device)), sources_(std::move(sources)), judge_(std::move(judge)) {}

  // Handles of libraries belong to the device.
  ~CudaBackend() override {
    std::optional<ops::CurrentDevice> current;
    if (device_ != nullptr) current.emplace(*device_);
    judge_ = nullptr;
    sources_.clear();
  }

  std::string_view name() const override { return "cuda"; }
  ops::Device* device() const override { return device_.get(); }

  core::Result<ops::Kernel> bind(const ops::NodeView& view,
                                 const ops::BindContext& context) const override {
    std::optional<ops::CurrentDevice> current;
    if (device_ != nullptr) MI_TRY(current.emplace(*device_).status());
    MI_ASSIGN(std::optional<ops::Kernel> theirs, from_sources(view, context));
    if (theirs && !judge_) return *std::move(theirs);
    core::Result<ops::Kernel> ours = from_tables(view);
    if (!theirs) return ours;
    if (!ours.ok()) return *std::move(theirs);
    std::vector<ops::Kernel> both = {*std::move(theirs), *std::move(ours)};
    return std::move(both[static_cast<std::size_t>(judge_(view, both, context))]);
  }

 private:
  core::Result<std::optional<ops::Kernel>> from_sources(const ops::NodeView& view,
                                                        const ops::BindContext& context) const {
    for (const auto& source : sources_) {
      MI_ASSIGN(std::optional<ops::Kernel> kernel, source->bind(view, context));
      if (kernel) return kernel;
    }
    return std::optional<ops::Kernel>();
  }

  static core::Result<ops::Kernel> from_tables(const ops::NodeView& view) {
    for (const auto* table : kTables) {
      for (const KernelEntry& entry : *table) {
        if (view.node().is(entry.type, entry.domain)) return entry.bind(view);
      }
    }
    return view.unsupported("this operator on CUDA");
  }

  std::unique_ptr<ops::Device> device_;
  KernelSources sources_;
  Judge judge_;
};

}  // namespace

std::unique_ptr<ops::Backend> make_backend(std::unique_ptr<ops::Device> device,
                                           KernelSources sources, Judge judge) {
  return std::make_unique<CudaBackend>(std::move(device), std::move(sources), std::move(judge));
}

}  // namespace mini_infer::cuda
