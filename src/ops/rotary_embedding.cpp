#include "ops/rotary_embedding.h"

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Result;
using core::Shape;
using core::Status;

constexpr int kCosines = 1;
constexpr int kSines = 2;
constexpr int kPositionIds = 3;

Status infer_rotary_embedding(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 4));
  MI_TRY(rotary_embedding_geometry(context).status());
  return infer_same_as_first(context);
}

constexpr OpDef kTable[] = {{.type = "RotaryEmbedding",
                             .since = 23,
                             .infer = infer_rotary_embedding,
                             .alias = {{{AliasKind::kOverwrite, 0, 0}}}},
                            {.type = "RotaryEmbedding",
                             .domain = graph::kInternalDomain,
                             .infer = infer_rotary_embedding,
                             .alias = {{{AliasKind::kOverwrite, 0, 0}}}}};

Result<std::int64_t> rotated_pairs(const NodeView& view, std::int64_t size) {
  const std::int64_t stated = view.node().get_int("rotary_embedding_dim", 0);
  const std::int64_t rotated = stated == 0 ? size : stated;
  if (rotated < 0 || rotated > size || rotated % 2 != 0) {
    return view.fail("expected an even number of at most " + std::to_string(size) +
                     " elements to rotate, found " + std::to_string(rotated));
  }
  return rotated / 2;
}

// One row per position, which the ids choose.
Status check_chosen_rows(const NodeView& view, RotaryEmbeddingGeometry& geometry) {
  if (view.input_type(kPositionIds) != DataType::kInt64) {
    return view.fail(std::string("position_ids: expected int64, found ") +
                     core::type_name(view.input_type(kPositionIds)));
  }
  const Shape ids{geometry.input.batch, geometry.input.tokens};
  MI_TRY(expect_shape(view, kPositionIds, "position_ids", ids));
  const Shape& cosines = view.input_shape(kCosines);
  if (cosines.rank() != 2 || cosines[1] != geometry.pairs) {
    return view.fail("cos_cache: expected [positions," + std::to_string(geometry.pairs) +
                     "], found " + cosines.to_string());
  }
  geometry.positions = cosines[0];
  return Status::SUCCESS;
}

}  // namespace

Result<RotaryEmbeddingGeometry> rotary_embedding_geometry(const NodeView& view) {
  RotaryEmbeddingGeometry geometry;
  geometry.interleaved = view.node().get_int("interleaved", 0) != 0;
  const bool strided = view.node().domain == graph::kInternalDomain;
  MI_ASSIGN(geometry.input, strided ? stated_heads(view, "heads", view.input_shape(0))
                                    : heads_of(view, 0, "num_heads"));
  MI_ASSIGN(geometry.pairs, rotated_pairs(view, geometry.input.size));
  if (view.has_input(kPositionIds)) {
    MI_TRY(check_chosen_rows(view, geometry));
  } else {
    const Shape rows{geometry.input.batch, geometry.input.tokens, geometry.pairs};
    MI_TRY(expect_shape(view, kCosines, "cos_cache", rows));
  }
  MI_TRY(expect_shape(view, kSines, "sin_cache", view.input_shape(kCosines)));
  return geometry;
}

extern constinit const std::span<const OpDef> kRotaryEmbeddingOps = kTable;

}  // namespace mini_infer::ops
