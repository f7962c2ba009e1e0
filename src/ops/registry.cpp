#include "ops/op_def.h"

namespace mini_infer::ops {

// One table per file of operators; add yours here and below.
extern const std::span<const OpDef> kAttentionOps;
extern const std::span<const OpDef> kBinaryOps;
extern const std::span<const OpDef> kCastOps;
extern const std::span<const OpDef> kChannelNormalizationOps;
extern const std::span<const OpDef> kConvOps;
extern const std::span<const OpDef> kConvTransposeOps;
extern const std::span<const OpDef> kCopyOps;
extern const std::span<const OpDef> kDropoutOps;
extern const std::span<const OpDef> kEinsumOps;
extern const std::span<const OpDef> kGemmOps;
extern const std::span<const OpDef> kIndexingOps;
extern const std::span<const OpDef> kLayerNormalizationOps;
extern const std::span<const OpDef> kMatMulOps;
extern const std::span<const OpDef> kMovementOps;
extern const std::span<const OpDef> kPadOps;
extern const std::span<const OpDef> kPoolOps;
extern const std::span<const OpDef> kReduceOps;
extern const std::span<const OpDef> kRotaryEmbeddingOps;
extern const std::span<const OpDef> kScaleOps;
extern const std::span<const OpDef> kShapeValueOps;
extern const std::span<const OpDef> kSoftmaxOps;
extern const std::span<const OpDef> kUnaryOps;
extern const std::span<const OpDef> kViewOps;
extern const std::span<const OpDef> kWhereOps;

namespace {

constexpr const std::span<const OpDef>* kTables[] = {
    &kAttentionOps, &kBinaryOps,
    &kCastOps,      &kChannelNormalizationOps,
    &kConvOps,      &kConvTransposeOps,
    &kCopyOps,      &kDropoutOps,
    &kEinsumOps,    &kGemmOps,
    &kIndexingOps,  &kLayerNormalizationOps,
    &kMatMulOps,    &kMovementOps,
    &kPadOps,       &kPoolOps,
    &kReduceOps,    &kRotaryEmbeddingOps,
    &kScaleOps,     &kShapeValueOps,
    &kSoftmaxOps,   &kUnaryOps,
    &kViewOps,      &kWhereOps,
};

}  // namespace

const OpDef* find(std::string_view domain, std::string_view type) {
  for (const auto* table : kTables) {
    for (const OpDef& def : *table) {
      if (def.type == type && def.domain == domain) return &def;
    }
  }
  return nullptr;
}

std::vector<const OpDef*> all_operators() {
  std::vector<const OpDef*> all;
  for (const auto* table : kTables) {
    for (const OpDef& def : *table) all.push_back(&def);
  }
  return all;
}

}  // namespace mini_infer::ops
