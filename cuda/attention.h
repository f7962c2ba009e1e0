#pragma once

#include "cuda/epilogue.h"
#include "cuda/fault.h"
#include "ops/attention.h"

// An attention as its kernels see it: plain values.
namespace mini_infer::cuda {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

// Called, because it is rarely wanted and would be repeated for every score of a tile.
__device__ MI_NOINLINE inline float cap_by_call(float score, float softcap) {
  return softcap * ops::math::tanh(score / softcap);
}

enum class MaskKind { kNone, kBool, kFloat, kOwn };  // kOwn: of the type of the queries

// Keys or values: those of the past, followed by the new ones.
template <typename T>
struct Sequence {
  const T* past = nullptr;
  const T* fresh = nullptr;
  std::int64_t past_count = 0;
  ops::Heads past_heads, fresh_heads;

  // Of the vectors of one head.
  struct Rows {
    const T* past;
    const T* fresh;
    std::int64_t past_count, past_step, fresh_step;

    __device__ const T* at(std::int64_t i) const {
      return i < past_count ? past + i * past_step : fresh + (i - past_count) * fresh_step;
    }
  };
  __device__ Rows rows(std::int64_t sample, std::int64_t head) const {
    return {past + past_heads.offset(sample, head, 0), fresh + fresh_heads.offset(sample, head, 0),
            past_count, past_heads.token_step, fresh_heads.token_step};
  }
};

template <typename T>
struct AttentionForm {
  const T* query = nullptr;
  Sequence<T> keys, values;
  const void* mask = nullptr;
  const std::int64_t* valid_keys = nullptr;
  T* y = nullptr;
  T* shown = nullptr;  // output 3, where it is wanted
  ops::Heads query_heads, y_heads;
  std::int64_t key_count = 0;
  std::int64_t heads_per_key_head = 1;
  MaskKind mask_kind = MaskKind::kNone;
  std::int64_t mask_steps[4] = {};
  ops::KeyRules rules;
  float query_scale = 1;
  float scale = 1;
  float softcap = 0;
  ops::AttentionSoftmax softmax = ops::AttentionSoftmax::kStandard;
  ops::HiddenScores hidden;
  ops::AttentionScores scores = ops::AttentionScores::kScaled;
  Fault fault = {};

  __device__ float capped(float score) const {
    return softcap > 0 ? cap_by_call(score, softcap) : score;
  }

  // What the mask adds to a score; kMasked also where a bool hides it.
  __device__ float added_at(std::int64_t at) const {
    return with_mask([at](auto added) { return added(at); });
  }

  // use(added_at), the kind of the mask looked at once: loads that wait for no branch overlap.
  template <typename Use>
  __device__ auto with_mask(Use use) const {
    switch (mask_kind) {
      case MaskKind::kBool:
        return use([values = static_cast<const std::uint8_t*>(mask)](std::int64_t at) {
          return values[at] != 0 ? 0.0f : kMasked;
        });
      case MaskKind::kFloat:
        return use(
            [values = static_cast<const float*>(mask)](std::int64_t at) { return values[at]; });
      case MaskKind::kOwn:
        return use([values = static_cast<const T*>(mask)](std::int64_t at) {
          return ops::widened(values[at]);
        });
      case MaskKind::kNone:
        break;
    }
    return use([](std::int64_t) { return 0.0f; });
  }

  // The score of a key that the query sees, or must not see. By the standard a masked key's score
  // is never looked at: whatever its vector holds, a NaN even, stays out.
  __device__ float biased(float scaled, bool seen, float added) const {
    if (mask_kind == MaskKind::kBool && added == kMasked) {
      return seen || is_written_out() ? hidden.score : kMasked;
    }
    if (is_written_out()) return (seen ? scaled : ops::causal_score(hidden, scaled)) + added;
    return seen && added != kMasked ? capped(scaled) + added : kMasked;
  }

  __device__ bool is_written_out() const { return softmax != ops::AttentionSoftmax::kStandard; }

  // Whether a query with this largest score may owe some of its weights to keys that were left out,
  // when its walk ended at `last`.
  __device__ bool misses_keys(float largest, std::int64_t last) const {
    return is_written_out() && last < key_count && hidden.score != kMasked &&
           !(largest >= ops::kVisible);
  }

  // An element of y of a query that sees no key; `sum` is that of its values times 0.
  __device__ float mean_of_none(float sum) const {
    if (softmax == ops::AttentionSoftmax::kNanIsZero) return sum;
    return is_written_out() ? NAN : 0.0f;
  }
};

// One head of one sample.
template <typename T>
struct AttentionHead {
  std::int64_t sample, head;
  typename Sequence<T>::Rows keys, values;
  std::int64_t valid;   // keys that are no padding
  std::int64_t before;  // of them, that precede the first query

  __device__ AttentionHead(const AttentionForm<T>& form, std::int64_t number)
      : sample(number / form.query_heads.heads),
        head(number % form.query_heads.heads),
        keys(form.keys.rows(sample, head / form.heads_per_key_head)),
        values(form.values.rows(sample, head / form.heads_per_key_head)),
        valid(form.key_count),
        before(form.keys.past_count) {
    if (form.valid_keys == nullptr) return;
    valid = form.valid_keys[sample];
    if (valid < 0 || valid > form.key_count) {
      form.fault.raise();
      valid = 0;
    }
    before = valid - form.query_heads.tokens;
  }
};

}  // namespace mini_infer::cuda
