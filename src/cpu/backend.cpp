#include "cpu/backend.h"

#include "core/try.h"
#include "cpu/planning_backend.h"
#include "cpu/simd/simd.h"

namespace mini_infer::cpu {

// One table per file of kernels; add yours here and below.
extern const std::span<const KernelEntry> kArgReduceKernels;
extern const std::span<const KernelEntry> kArithmeticKernels;
extern const std::span<const KernelEntry> kAttentionKernels;
extern const std::span<const KernelEntry> kCastKernels;
extern const std::span<const KernelEntry> kChannelNormalizationKernels;
extern const std::span<const KernelEntry> kClipKernels;
extern const std::span<const KernelEntry> kCompareKernels;
extern const std::span<const KernelEntry> kConvKernels;
extern const std::span<const KernelEntry> kConvTransposeKernels;
extern const std::span<const KernelEntry> kCopyKernels;
extern const std::span<const KernelEntry> kCumSumKernels;
extern const std::span<const KernelEntry> kDropoutKernels;
extern const std::span<const KernelEntry> kEinsumKernels;
extern const std::span<const KernelEntry> kGatherKernels;
extern const std::span<const KernelEntry> kGemmKernels;
extern const std::span<const KernelEntry> kLayerNormalizationKernels;
extern const std::span<const KernelEntry> kLogicalKernels;
extern const std::span<const KernelEntry> kMatMulKernels;
extern const std::span<const KernelEntry> kMovementKernels;
extern const std::span<const KernelEntry> kOneHotKernels;
extern const std::span<const KernelEntry> kPadKernels;
extern const std::span<const KernelEntry> kPoolKernels;
extern const std::span<const KernelEntry> kPowKernels;
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

class CpuBackend final : public ops::Backend {
 public:
  CpuBackend(const Simd& simd, bool winograd) : simd_(simd), winograd_(winograd) {}

  std::string_view name() const override { return "cpu"; }

  core::Result<ops::Kernel> bind(const ops::NodeView& view,
                                 const ops::BindContext& context) const override {
    const BindContext own{context.workspace_bytes, &simd_, winograd_};
    for (const auto* table : {&kArgReduceKernels,
                              &kArithmeticKernels,
                              &kAttentionKernels,
                              &kCastKernels,
                              &kChannelNormalizationKernels,
                              &kClipKernels,
                              &kCompareKernels,
                              &kConvKernels,
                              &kConvTransposeKernels,
                              &kCopyKernels,
                              &kCumSumKernels,
                              &kDropoutKernels,
                              &kEinsumKernels,
                              &kGatherKernels,
                              &kGemmKernels,
                              &kLayerNormalizationKernels,
                              &kLogicalKernels,
                              &kMatMulKernels,
                              &kMovementKernels,
                              &kOneHotKernels,
                              &kPadKernels,
                              &kPoolKernels,
                              &kPowKernels,
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
                              &kWhereKernels}) {
      for (const KernelEntry& entry : *table) {
        if (view.node().is(entry.type, entry.domain)) return entry(view, own);
      }
    }
    return view.unsupported("this operator on the CPU");
  }

 private:
  const Simd& simd_;
  bool winograd_;
};

}  // namespace

core::Result<std::unique_ptr<ops::Backend>> make_backend(const BackendOptions& options) {
  MI_ASSIGN(const Simd* simd, simd_for(options.instruction_set));
  return std::unique_ptr<ops::Backend>(std::make_unique<CpuBackend>(*simd, options.winograd));
}

core::Result<std::unique_ptr<ops::Backend>> make_planning_backend(const BackendOptions& options) {
  MI_ASSIGN(const Simd* simd, simd_to_plan_with(options.instruction_set));
  return std::unique_ptr<ops::Backend>(std::make_unique<CpuBackend>(*simd, options.winograd));
}

const ops::Backend& backend() {
  static const CpuBackend instance(*simd_for(core::InstructionSet::kNative).value(), true);
  return instance;
}

}  // namespace mini_infer::cpu
