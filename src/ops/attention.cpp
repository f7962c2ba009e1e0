#include "ops/attention.h"

#include <algorithm>
#include <cmath>

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/spatial.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Result;
using core::Shape;
using core::Status;
using Input = AttentionInput;

constexpr int kPaddedMask = 24;  // the opset since which a mask may have fewer keys

Status infer_attention(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 7));
  MI_ASSIGN(const AttentionGeometry geometry, attention_geometry(context));
  const Heads& query = geometry.query;
  const Heads& key = geometry.key;
  const std::int64_t keys = geometry.keys();
  context.set_output(0, context.input_type(Input::kQuery), geometry.output_shape);
  context.set_output(1, context.input_type(Input::kKey),
                     Shape{key.batch, key.heads, keys, key.size});
  context.set_output(2, context.input_type(Input::kValue),
                     Shape{key.batch, key.heads, keys, geometry.value.size});
  context.set_output(3, context.input_type(Input::kQuery),
                     Shape{query.batch, query.heads, query.tokens, keys});
  return Status::SUCCESS;
}

constexpr OpDef kTable[] = {
    {.type = "Attention", .since = 23, .infer = infer_attention},
    {.type = "Attention", .domain = graph::kInternalDomain, .infer = infer_attention}};

bool is_strided(const NodeView& view) { return view.node().domain == graph::kInternalDomain; }

// Where the heads of an input lie; `heads_key` says how many a merged one has.
Result<Heads> heads_in(const NodeView& view, int slot, const char* key, const char* heads_key) {
  return is_strided(view) ? stated_heads(view, key, view.input_shape(slot))
                          : heads_of(view, slot, heads_key);
}

Status resolve_output(const NodeView& view, AttentionGeometry& geometry) {
  Heads output = geometry.query;
  output.size = geometry.value.size;
  geometry.output = dense(output);
  geometry.output_shape = output.shape();
  if (!is_strided(view)) return Status::SUCCESS;
  const Shape shape(view.node().get_ints("output_shape"));
  const DataType type = view.input_type(Input::kQuery);
  if (!core::checked_bytes(type, shape) || !core::checked_bytes(type, output.shape()) ||
      shape.elements() != output.shape().elements()) {
    return view.fail("output_shape " + shape.to_string() + " does not hold " +
                     output.shape().to_string());
  }
  MI_ASSIGN(geometry.output, stated_heads(view, "output", shape));
  geometry.output_shape = shape;
  if (geometry.output.shape() == output.shape()) return Status::SUCCESS;
  return view.fail("output: expected " + output.shape().to_string() + ", found " +
                   geometry.output.shape().to_string());
}

Status resolve_heads(const NodeView& view, AttentionGeometry& geometry) {
  MI_ASSIGN(const Heads query, heads_in(view, Input::kQuery, "query", "q_num_heads"));
  MI_ASSIGN(const Heads key, heads_in(view, Input::kKey, "key", "kv_num_heads"));
  MI_ASSIGN(const Heads value, heads_in(view, Input::kValue, "value", "kv_num_heads"));
  const bool of_one_kind = query.merged == key.merged && key.merged == value.merged &&
                           query.batch == key.batch && key.batch == value.batch;
  if (!of_one_kind || query.size != key.size || key.tokens != value.tokens ||
      key.heads != value.heads) {
    return view.fail("queries, keys and values do not fit: " + query.shape().to_string() + ", " +
                     key.shape().to_string() + " and " + value.shape().to_string());
  }
  if (key.heads == 0 || query.heads % key.heads != 0) {
    return view.fail(std::to_string(query.heads) + " heads of queries cannot share " +
                     std::to_string(key.heads) + " heads of keys");
  }
  geometry.query = query;
  geometry.key = key;
  geometry.value = value;
  return resolve_output(view, geometry);
}

Result<std::int64_t> past_tokens(const NodeView& view) {
  const Shape& past = view.input_shape(Input::kPastKey);
  std::int64_t tokens = past.rank() == 4 ? past[2] : 0;
  if (is_strided(view)) {
    MI_ASSIGN(const Heads stated, stated_heads(view, "past_key", past));
    tokens = stated.tokens;
  }
  if (tokens <= kLargestHeadExtent) return tokens;
  return view.unsupported("a past of " + std::to_string(tokens) + " tokens");
}

// The heads that precede the `fresh` ones.
Result<Heads> past_in(const NodeView& view, int slot, const char* key, const Heads& fresh,
                      const AttentionGeometry& geometry) {
  const Shape expected{fresh.batch, fresh.heads, geometry.past, fresh.size};
  if (!is_strided(view)) {
    MI_TRY(expect_shape(view, slot, key, expected));
    return heads_of(view, slot, "");
  }
  MI_ASSIGN(const Heads past, stated_heads(view, key, view.input_shape(slot)));
  if (past.shape() == expected) return past;
  return view.fail(std::string(key) + ": expected " + expected.to_string() + ", found " +
                   past.shape().to_string());
}

Status resolve_past(const NodeView& view, AttentionGeometry& geometry) {
  const bool has_past = view.has_input(Input::kPastKey);
  if (has_past != view.has_input(Input::kPastValue)) {
    return view.fail("expected past_key and past_value together or neither");
  }
  if (!has_past) return Status::SUCCESS;
  if (view.has_input(Input::kValidKeys)) {
    return view.fail("expected nonpad_kv_seqlen or a past, not both");
  }
  MI_ASSIGN(geometry.past, past_tokens(view));
  MI_ASSIGN(geometry.past_key, past_in(view, Input::kPastKey, "past_key", geometry.key, geometry));
  MI_ASSIGN(geometry.past_value,
            past_in(view, Input::kPastValue, "past_value", geometry.value, geometry));
  return Status::SUCCESS;
}

Status resolve_mask(const NodeView& view, AttentionGeometry& geometry) {
  geometry.rules.keys = geometry.keys();
  if (!view.has_input(Input::kMask)) return Status::SUCCESS;
  const Shape& mask = view.input_shape(Input::kMask);
  Shape to{geometry.query.batch, geometry.query.heads, geometry.query.tokens, geometry.keys()};
  if (view.opset() >= kPaddedMask && mask.rank() > 0) {
    to[3] = std::min(to[3], mask[mask.rank() - 1]);
  }
  if (broadcast(mask, to) != to) {
    return view.fail("attn_mask " + mask.to_string() + " does not broadcast to " + to.to_string());
  }
  geometry.rules.keys = to[3];
  std::ranges::copy(broadcast_strides(mask, to), geometry.mask.begin());
  return Status::SUCCESS;
}

Status check_valid_keys(const NodeView& view, const AttentionGeometry& geometry) {
  if (!view.has_input(Input::kValidKeys)) return Status::SUCCESS;
  if (view.input_type(Input::kValidKeys) != DataType::kInt64) {
    return view.fail(std::string("nonpad_kv_seqlen: expected int64, found ") +
                     core::type_name(view.input_type(Input::kValidKeys)));
  }
  return expect_shape(view, Input::kValidKeys, "nonpad_kv_seqlen", Shape{geometry.query.batch});
}

Result<std::int64_t> window_of(const NodeView& view, const char* key,
                               const AttentionGeometry& geometry) {
  const std::int64_t window = view.node().get_int(key, -1);
  if (window < -1)
    return view.fail(std::string(key) + " " + std::to_string(window) + " is below -1");
  // As far as any key is from any query; sums of it stay far inside int64.
  return std::min(window, geometry.keys() + geometry.query.tokens);
}

Status check_softmax_precision(const NodeView& view) {
  const auto type = static_cast<DataType>(view.node().get_int("softmax_precision", 1));
  // What double would add is lost when the weights are rounded to the type of the queries.
  if (type == DataType::kFloat32 || type == DataType::kFloat64) return Status::SUCCESS;
  return view.unsupported(std::string("softmax_precision ") + core::type_name(type));
}

Status resolve_softmax(const NodeView& view, AttentionGeometry& geometry) {
  if (!is_strided(view)) return Status::SUCCESS;
  const graph::Node& node = view.node();
  geometry.query_scale = node.get_float("query_scale", 1);
  geometry.hidden.score = node.get_float("masked_score", geometry.hidden.score);
  geometry.hidden.is_added = node.get_int("masked_score_is_added", 0) != 0;
  const std::string softmax = node.get_string("softmax", "");
  if (softmax == "written_out") {
    geometry.softmax = AttentionSoftmax::kWrittenOut;
  } else if (softmax == "nan_is_zero") {
    geometry.softmax = AttentionSoftmax::kNanIsZero;
  } else if (!softmax.empty()) {
    return view.fail("softmax: expected 'written_out' or 'nan_is_zero', found '" + softmax + "'");
  }
  const bool is_written_out = geometry.softmax != AttentionSoftmax::kStandard;
  if (is_written_out &&
      (view.has_input(Input::kValidKeys) || node.attributes.contains("left_window_size") ||
       node.attributes.contains("right_window_size") || node.attributes.contains("softcap"))) {
    return view.fail("softmax '" + softmax + "' has no padding, no windows and no cap");
  }
  if (is_written_out && geometry.rules.causal && geometry.hidden.score > kHidden) {
    return view.fail("is_causal: expected a masked_score of at most -1e30, found " +
                     std::to_string(geometry.hidden.score));
  }
  return Status::SUCCESS;
}

Status resolve_attributes(const NodeView& view, AttentionGeometry& geometry) {
  const graph::Node& node = view.node();
  const std::int64_t mode = node.get_int("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) {
    return view.fail("qk_matmul_output_mode " + std::to_string(mode) + " is not in [0, 3]");
  }
  geometry.scores = static_cast<AttentionScores>(mode);
  geometry.rules.causal = node.get_int("is_causal", 0) != 0;
  geometry.softcap = node.get_float("softcap", 0);
  MI_TRY(resolve_softmax(view, geometry));
  geometry.scale = node.get_float("scale", 1 / std::sqrt(static_cast<float>(geometry.query.size)));
  MI_ASSIGN(geometry.rules.left_window, window_of(view, "left_window_size", geometry));
  MI_ASSIGN(geometry.rules.right_window, window_of(view, "right_window_size", geometry));
  return check_softmax_precision(view);
}

}  // namespace

Result<AttentionGeometry> attention_geometry(const NodeView& view) {
  AttentionGeometry geometry;
  MI_TRY(resolve_heads(view, geometry));
  MI_TRY(resolve_past(view, geometry));
  MI_TRY(resolve_mask(view, geometry));
  MI_TRY(check_valid_keys(view, geometry));
  MI_TRY(resolve_attributes(view, geometry));
  return geometry;
}

Status not_a_count_of_keys(const NodeView& view, const AttentionGeometry& geometry) {
  return view.fail(Status::ERROR_RUNTIME,
                   "nonpad_kv_seqlen is not in [0, " + std::to_string(geometry.keys()) + "]");
}

extern constinit const std::span<const OpDef> kAttentionOps = kTable;

}  // namespace mini_infer::ops
