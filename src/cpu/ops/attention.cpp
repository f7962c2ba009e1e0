#include "ops/attention.h"

#include <algorithm>
#include <limits>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/epilogue.h"
#include "cpu/ops/optional_output.h"
#include "ops/functor.h"

// Each query walks over its keys once, a block of them at a time, and keeps the largest score so
// far, the sum of exp(score - largest) and the sum of the values weighted with it. Both sums shrink
// when a larger score appears, so that no query ever needs all of its scores at once.
//
// An attention that was written out is computed the same way, by plain IEEE arithmetic. Where the
// result is not finite, or hidden keys may not be left out, it is computed again step by step, as
// the nodes say it.
namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::AttentionGeometry;
using ops::AttentionScores;
using ops::AttentionSoftmax;
using ops::Heads;
using ops::Kernel;
using ops::KernelArgs;
using ops::KeyRange;
using ops::NodeView;
using Input = ops::AttentionInput;

constexpr int kBlock = 64;           // keys whose scores are kept side by side
constexpr int kLanes = 16;           // parts of a product that are added up side by side
constexpr int kFewQueries = 8;       // fewer are computed one by one
constexpr int kMostElements = 1024;  // of a vector, that are looked at together
constexpr float kMasked = -std::numeric_limits<float>::infinity();

float dot(const float* a, const float* b, std::int64_t size) {
  float parts[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) parts[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < size; ++i) parts[0] += a[i] * b[i];
  for (int lane = 1; lane < kLanes; ++lane) parts[0] += parts[lane];
  return parts[0];
}

// The keys or the values of one head of one sample.
template <typename T>
struct Vectors {
  const T* past;  // null when there are none
  std::int64_t past_at;
  std::int64_t past_step;
  std::int64_t past_count;
  const T* fresh;  // null when there are none
  std::int64_t fresh_at;
  std::int64_t fresh_step;

  const T* operator[](std::int64_t i) const {
    return i < past_count ? past + past_at + i * past_step
                          : fresh + fresh_at + (i - past_count) * fresh_step;
  }
};

// The keys or the values: those of the past, followed by the new ones.
struct Sequence {
  int past_slot;
  Heads past;
  int fresh_slot;
  Heads fresh;
};

// One query and all that it looks at.
template <typename T>
struct Query {
  const T* vector;
  Vectors<T> keys;
  Vectors<T> values;
  std::int64_t mask;  // where its row of the mask begins
  KeyRange visible;
};

// A part of a vector.
struct Elements {
  std::int64_t first = 0;
  int count = 0;
};

// Of the scores seen so far.
struct RunningSoftmax {
  float largest = kMasked;
  float sum = 0;  // of exp(score - largest)

  float weight(float score) const {
    return score == kMasked ? 0.0f : ops::math::exp(score - largest) / sum;
  }
};

// Of queries, keys and values stored as T.
template <typename T>
class Attention {
 public:
  Attention(const NodeView& view, AttentionGeometry geometry, const Simd& simd)
      : geometry_(geometry),
        simd_(&simd),
        keys_{Input::kPastKey, geometry.past_key, Input::kKey, geometry.key},
        values_{Input::kPastValue, geometry.past_value, Input::kValue, geometry.value},
        bad_valid_keys_(ops::not_a_count_of_keys(view, geometry)) {
    if (view.has_input(Input::kMask)) mask_type_ = view.input_type(Input::kMask);
    has_past_ = view.has_input(Input::kPastKey);
    has_valid_keys_ = view.has_input(Input::kValidKeys);
  }

  Status run(const KernelArgs& args) const {
    MI_TRY(check_valid_keys(args));
    append(args, keys_, 1);
    append(args, values_, 2);
    const Heads& heads = geometry_.query;
    const bool vectors = optional_output(args, 3) == nullptr &&
                         std::max(geometry_.key.size, geometry_.value.size) <= kMaxHeadSize;
    const int together = vectors && heads.tokens >= kFewQueries ? kTileVectors * simd_->lanes : 1;
    const std::int64_t blocks = (heads.tokens + together - 1) / together;
    args.threads->run(heads.batch * heads.heads * blocks, [&](std::int64_t piece, int) {
      const std::int64_t sample = piece / blocks / heads.heads;
      const std::int64_t head = piece / blocks % heads.heads;
      const std::int64_t token = piece % blocks * together;
      if (!vectors) return run_query(args, sample, head, token);
      run_block(args, sample, head, token, std::min<std::int64_t>(together, heads.tokens - token));
    });
    return Status::SUCCESS;
  }

 private:
  Status check_valid_keys(const KernelArgs& args) const {
    if (!has_valid_keys_) return Status::SUCCESS;
    const auto* valid = args.in<std::int64_t>(Input::kValidKeys);
    for (std::int64_t sample = 0; sample < geometry_.query.batch; ++sample) {
      if (valid[sample] >= 0 && valid[sample] <= geometry_.keys()) continue;
      return bad_valid_keys_;
    }
    return Status::SUCCESS;
  }

  // Of one head of the keys or of the values.
  Vectors<T> vectors(const KernelArgs& args, const Sequence& sequence, std::int64_t sample,
                     std::int64_t head) const {
    return {.past = has_past_ ? args.in<T>(sequence.past_slot) : nullptr,
            .past_at = sequence.past.offset(sample, head, 0),
            .past_step = sequence.past.token_step,
            .past_count = geometry_.past,
            .fresh = args.in<T>(sequence.fresh_slot),
            .fresh_at = sequence.fresh.offset(sample, head, 0),
            .fresh_step = sequence.fresh.token_step};
  }

  // The past and the new ones, one after the other, as an output.
  void append(const KernelArgs& args, const Sequence& sequence, std::size_t output) const {
    T* to = optional_output<T>(args, output);
    if (to == nullptr) return;
    const Heads& heads = sequence.fresh;
    args.threads->run(heads.batch * heads.heads, [&](std::int64_t piece, int) {
      const Vectors<T> from = vectors(args, sequence, piece / heads.heads, piece % heads.heads);
      T* row = to + piece * geometry_.keys() * heads.size;
      for (std::int64_t i = 0; i < geometry_.keys(); ++i, row += heads.size) {
        std::copy_n(from[i], heads.size, row);
      }
    });
  }

  Query<T> query_at(const KernelArgs& args, std::int64_t sample, std::int64_t head,
                    std::int64_t token) const {
    const std::int64_t key_head = geometry_.key_head(head);
    const auto& mask = geometry_.mask;
    std::int64_t valid = geometry_.keys();
    std::int64_t before = geometry_.past;
    if (has_valid_keys_) {
      valid = args.in<std::int64_t>(Input::kValidKeys)[sample];
      before = valid - geometry_.query.tokens;
    }
    return {.vector = args.in<T>(Input::kQuery) + geometry_.query.offset(sample, head, token),
            .keys = vectors(args, keys_, sample, key_head),
            .values = vectors(args, values_, sample, key_head),
            .mask = sample * mask[0] + head * mask[1] + token * mask[2],
            .visible = geometry_.rules.visible(token, before, valid)};
  }

  void run_query(const KernelArgs& args, std::int64_t sample, std::int64_t head,
                 std::int64_t token) const {
    const Query<T> query = query_at(args, sample, head, token);
    T* y = args.out<T>(0) + geometry_.output.offset(sample, head, token);
    const RunningSoftmax softmax = attend(args, query, y);
    if (is_written_out() && !all_finite(y)) attend_step_by_step(args, query, y);
    T* shown = optional_output<T>(args, 3);
    if (shown == nullptr) return;
    const Heads& heads = geometry_.query;
    const std::int64_t row = (sample * heads.heads + head) * heads.tokens + token;
    store_scores(args, query, softmax, shown + row * geometry_.keys());
  }

  // Some queries by the vector code.
  void run_block(const KernelArgs& args, std::int64_t sample, std::int64_t head, std::int64_t token,
                 std::int64_t count) const {
    KeyRange visible[kMaxTileColumns];
    bool unsettled[kMaxTileColumns] = {};
    for (std::int64_t i = 0; i < count; ++i) {
      visible[i] = query_at(args, sample, head, token + i).visible;
    }
    const Query<T> query = query_at(args, sample, head, token);
    AttentionBlock block{.queries = static_cast<int>(count),
                         .query = query.vector,
                         .query_row = geometry_.query.token_step,
                         .key_size = static_cast<int>(geometry_.key.size),
                         .value_size = static_cast<int>(geometry_.value.size),
                         .query_scale = geometry_.query_scale,
                         .scale = geometry_.scale,
                         .softcap = geometry_.softcap,
                         .visible = visible,
                         .mask_query = geometry_.mask[2],
                         .mask_key = geometry_.mask[3],
                         .softmax = geometry_.softmax,
                         .hidden = geometry_.hidden,
                         .unsettled = unsettled,
                         .y = args.out<T>(0) + geometry_.output.offset(sample, head, token),
                         .y_row = geometry_.output.token_step};
    fill_segments(query, block.segments);
    if constexpr (!std::is_same_v<T, float>) {
      block.widen = simd_->template loops_of<T>().widen;
      block.narrow = simd_->template loops_of<T>().narrow;
    }
    if (mask_type_ == DataType::kBool) {
      block.bool_mask = args.in<std::uint8_t>(Input::kMask) + query.mask;
    } else if (mask_type_ == DataType::kFloat32) {
      block.float_mask = args.in<float>(Input::kMask) + query.mask;
    } else if (mask_type_ == kTypeOf<T>) {
      block.mask = args.in<T>(Input::kMask) + query.mask;
    }
    (count == 1 ? simd_->attend_one : simd_->attend)(block);
    for (std::int64_t i = 0; i < count; ++i) {
      if (!unsettled[i]) continue;
      attend_step_by_step(args, query_at(args, sample, head, token + i),
                          args.out<T>(0) + geometry_.output.offset(sample, head, token + i));
    }
  }

  void fill_segments(const Query<T>& query, KeySegment* segments) const {
    const Vectors<T>& keys = query.keys;
    const Vectors<T>& values = query.values;
    segments[0] = {advance(keys.past, keys.past_at), keys.past_step,
                   advance(values.past, values.past_at), values.past_step, geometry_.past};
    segments[1] = {advance(keys.fresh, keys.fresh_at), keys.fresh_step,
                   advance(values.fresh, values.fresh_at), values.fresh_step, geometry_.key.tokens};
  }

  // --- Scores ---

  // Elements as floats: in `room`, unless they are floats already.
  const float* as_floats(const T* from, int count, float* room) const {
    if constexpr (std::is_same_v<T, float>) {
      return from;
    } else {
      simd_->template loops_of<T>().widen(from, room, count);
      return room;
    }
  }

  const float* scaled_query(const float* query, int count, float* room) const {
    if (geometry_.query_scale == 1.0f) return query;
    for (int i = 0; i < count; ++i) room[i] = query[i] * geometry_.query_scale;
    return room;
  }

  float product(const T* a, const T* b) const {
    float sum = 0;
    for (std::int64_t i = 0; i < geometry_.key.size; i += kMostElements) {
      const auto count =
          static_cast<int>(std::min<std::int64_t>(kMostElements, geometry_.key.size - i));
      float rooms[2][kMostElements];
      const float* left = scaled_query(as_floats(a + i, count, rooms[0]), count, rooms[0]);
      sum += dot(left, as_floats(b + i, count, rooms[1]), count);
    }
    return sum;
  }

  float scaled(const Query<T>& query, std::int64_t key) const {
    return geometry_.scale * product(query.vector, query.keys[key]);
  }

  float capped(float score) const {
    if (!(geometry_.softcap > 0)) return score;
    return geometry_.softcap * ops::math::tanh(score / geometry_.softcap);
  }

  // What the mask adds to the score of a key; kMasked also where a bool hides it.
  float bias(const KernelArgs& args, const Query<T>& query, std::int64_t key) const {
    const std::int64_t at = query.mask + key * geometry_.mask[3];
    if (mask_type_ == DataType::kBool) {
      return args.in<std::uint8_t>(Input::kMask)[at] != 0 ? 0.0f : kMasked;
    }
    if (mask_type_ == DataType::kFloat32) return args.in<float>(Input::kMask)[at];
    return mask_type_ == kTypeOf<T> ? ops::widened(args.in<T>(Input::kMask)[at]) : 0.0f;
  }

  // By the standard a masked key's score is never looked at: whatever its vector holds, a NaN even,
  // stays out.
  float biased(const KernelArgs& args, const Query<T>& query, std::int64_t key) const {
    const bool seen = query.visible.first <= key && key < query.visible.last;
    if (!seen && !is_written_out()) return kMasked;  // a mask may end before it
    const float added = bias(args, query, key);
    if (is_written_out()) return written_out(scaled(query, key), seen, added);
    if (added != kMasked) return capped(scaled(query, key)) + added;
    return mask_type_ == DataType::kBool ? geometry_.hidden.score : kMasked;
  }

  float written_out(float score, bool seen, float added) const {
    if (mask_type_ == DataType::kBool && added == kMasked) return geometry_.hidden.score;
    return (seen ? score : ops::causal_score(geometry_.hidden, score)) + added;
  }

  bool is_written_out() const { return geometry_.softmax != AttentionSoftmax::kStandard; }

  // The keys that are looked at: of an attention that was written out each one.
  KeyRange walked(const Query<T>& query) const {
    return is_written_out() ? KeyRange{0, geometry_.keys()} : query.visible;
  }

  float shown_score(const KernelArgs& args, const Query<T>& query, const RunningSoftmax& softmax,
                    std::int64_t key) const {
    switch (geometry_.scores) {
      case AttentionScores::kScaled:
        return scaled(query, key);
      case AttentionScores::kCapped:
        return capped(scaled(query, key));
      case AttentionScores::kBiased:
        return biased(args, query, key);
      case AttentionScores::kWeights:
        return softmax.weight(biased(args, query, key));
    }
    return 0;
  }

  void store_scores(const KernelArgs& args, const Query<T>& query, const RunningSoftmax& softmax,
                    T* to) const {
    for (std::int64_t key = 0; key < geometry_.keys(); ++key) {
      to[key] = ops::convert<T>(shown_score(args, query, softmax, key));
    }
  }

  // --- The walk over the keys ---

  // Walks once per part of a vector that finds room on the stack.
  RunningSoftmax attend(const KernelArgs& args, const Query<T>& query, T* y) const {
    RunningSoftmax softmax;
    Elements part;
    do {
      part.count = static_cast<int>(
          std::min<std::int64_t>(kMostElements, geometry_.value.size - part.first));
      float sums[kMostElements];
      softmax = attend(args, query, part, sums);
      simd_->template loops_of<T>().narrow(sums, y + part.first, part.count);
      part.first += part.count;
    } while (part.first < geometry_.value.size);
    return softmax;
  }

  // Leaves 0 in y where every key is masked.
  RunningSoftmax attend(const KernelArgs& args, const Query<T>& query, const Elements& part,
                        float* y) const {
    RunningSoftmax softmax;
    std::fill_n(y, part.count, 0.0f);
    const KeyRange keys = walked(query);
    for (std::int64_t key = keys.first; key < keys.last; key += kBlock) {
      const auto count = static_cast<int>(std::min<std::int64_t>(kBlock, keys.last - key));
      float scores[kBlock];
      for (int k = 0; k < count; ++k) scores[k] = biased(args, query, key + k);
      add_block(query.values, key, count, scores, softmax, part, y);
    }
    if (softmax.largest == kMasked) {
      // Where each key counts it is for the steps one by one to say what comes out.
      if (is_written_out()) std::fill_n(y, part.count, std::numeric_limits<float>::quiet_NaN());
      return softmax;
    }
    for (int i = 0; i < part.count; ++i) y[i] /= softmax.sum;
    return softmax;
  }

  // Uses `scores` up.
  void add_block(const Vectors<T>& values, std::int64_t first, int count, float* scores,
                 RunningSoftmax& softmax, const Elements& part, float* y) const {
    float largest = softmax.largest;
    for (int k = 0; k < count; ++k) largest = ops::Max{}(largest, scores[k]);
    if (largest == kMasked) return;
    const float shrink = ops::math::exp(softmax.largest - largest);
    softmax.largest = largest;
    softmax.sum *= shrink;
    for (int i = 0; i < part.count; ++i) y[i] *= shrink;
    for (int k = 0; k < count; ++k) {
      if (scores[k] == kMasked && !is_written_out()) continue;
      const float weight = ops::math::exp(scores[k] - largest);
      float room[kMostElements];
      const float* value = as_floats(values[first + k] + part.first, part.count, room);
      softmax.sum += weight;
      for (int i = 0; i < part.count; ++i) y[i] += weight * value[i];
    }
  }

  // --- Step by step, as the nodes that were fused ---

  bool all_finite(const T* y) const {
    return std::all_of(y, y + geometry_.value.size,
                       [](T element) { return ops::is_finite(ops::widened(element)); });
  }

  void attend_step_by_step(const KernelArgs& args, const Query<T>& query, T* y) const {
    RunningSoftmax softmax;
    for (std::int64_t key = 0; key < geometry_.keys(); ++key) {
      softmax.largest = ops::Max{}(softmax.largest, biased(args, query, key));
    }
    for (std::int64_t key = 0; key < geometry_.keys(); ++key) {
      softmax.sum += ops::math::exp(biased(args, query, key) - softmax.largest);
    }
    for (std::int64_t first = 0; first < geometry_.value.size; first += kMostElements) {
      const auto count =
          static_cast<int>(std::min<std::int64_t>(kMostElements, geometry_.value.size - first));
      add_step_by_step(args, query, softmax, {first, count}, y);
    }
  }

  void add_step_by_step(const KernelArgs& args, const Query<T>& query,
                        const RunningSoftmax& softmax, const Elements& part, T* y) const {
    float sums[kMostElements] = {};
    for (std::int64_t key = 0; key < geometry_.keys(); ++key) {
      float weight = ops::math::exp(biased(args, query, key) - softmax.largest) / softmax.sum;
      if (geometry_.softmax == AttentionSoftmax::kNanIsZero && weight != weight) weight = 0.0f;
      float room[kMostElements];
      const float* value = as_floats(query.values[key] + part.first, part.count, room);
      for (int i = 0; i < part.count; ++i) sums[i] += weight * value[i];
    }
    simd_->template loops_of<T>().narrow(sums, y + part.first, part.count);
  }

  AttentionGeometry geometry_;
  const Simd* simd_;
  Sequence keys_;
  Sequence values_;
  Status bad_valid_keys_;
  DataType mask_type_ = DataType::kUndefined;  // without a mask
  bool has_past_ = false;
  bool has_valid_keys_ = false;
};

// A mask may also be of bools or of floats.
Status check_types(const NodeView& view, DataType type) {
  for (int slot : {Input::kQuery, Input::kKey, Input::kValue, Input::kPastKey, Input::kPastValue}) {
    if (view.has_input(slot) && view.input_type(slot) != type) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  if (!view.has_input(Input::kMask)) return Status::SUCCESS;
  const DataType mask = view.input_type(Input::kMask);
  const bool known = mask == DataType::kBool || mask == DataType::kFloat32 || mask == type;
  return known ? Status::SUCCESS : view.unsupported_type(mask);
}

Result<Kernel> bind_attention(const NodeView& view, const BindContext& context) {
  const DataType type = view.input_type(Input::kQuery);
  return for_type(view, type, StoredFloats{}, [&]<typename T>(T) -> Result<Kernel> {
    MI_TRY(check_types(view, type));
    MI_ASSIGN(const AttentionGeometry geometry, ops::attention_geometry(view));
    return Kernel([attention = Attention<T>(view, geometry, *context.simd)](
                      const KernelArgs& args) -> Status { return attention.run(args); });
  });
}

constexpr KernelEntry kTable[] = {{"Attention", bind_attention},
                                  {"Attention", bind_attention, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kAttentionKernels = kTable;

}  // namespace mini_infer::cpu
