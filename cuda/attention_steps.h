#pragma once

#include "cuda/attention.h"
#include "cuda/hints.h"
#include "cuda/warp.h"

// An attention that was written out, where a walk over blocks of keys does not give what its nodes
// would: numbers that are not finite, or hidden keys that may not be left out.
namespace mini_infer::cuda::attention {

// Computes one query again, step by step, as the nodes say it; all lanes of a warp call it.
template <typename T>
class StepByStep {
 public:
  __device__ StepByStep(const AttentionForm<T>& form, const AttentionHead<T>& head,
                        std::int64_t token)
      : form_(form),
        head_(head),
        lane_(static_cast<int>(threadIdx.x) % kLanes),
        query_(form.query + form.query_heads.offset(head.sample, head.head, token)),
        y_(form.y + form.y_heads.offset(head.sample, head.head, token)),
        visible_(form.rules.visible(token, head.before, head.valid)),
        mask_at_(head.sample * form.mask_steps[0] + head.head * form.mask_steps[1] +
                 token * form.mask_steps[2]) {}

  // Whether the row is finite so far.
  __device__ bool is_finite() const {
    float zeros = 0;
    for (std::int64_t d = lane_; d < form_.y_heads.size; d += kLanes) {
      const float y = ops::widened(y_[d]);
      zeros += y - y;
    }
    return warp_sum(zeros) == 0.0f;
  }

  __device__ void run() {
    float largest = kMasked;
    for (std::int64_t key = lane_; key < form_.key_count; key += kLanes) {
      largest = ops::Max{}(largest, score(key));
    }
    largest = warp_largest(largest);
    float sum = 0;
    for (std::int64_t key = lane_; key < form_.key_count; key += kLanes) {
      sum += ops::math::exp(score(key) - largest);
    }
    sum = warp_sum(sum);
    for (std::int64_t first = 0; first < form_.y_heads.size; first += kLanes) {
      add_values(first, largest, sum);
    }
  }

 private:
  __device__ float score(std::int64_t key) const {
    const T* vector = head_.keys.at(key);
    float product = 0;
    for (std::int64_t d = 0; d < form_.query_heads.size; ++d) {
      product += ops::widened(query_[d]) * form_.query_scale * ops::widened(vector[d]);
    }
    const bool seen = visible_.first <= key && key < visible_.last;
    return form_.biased(form_.scale * product, seen,
                        form_.added_at(mask_at_ + key * form_.mask_steps[3]));
  }

  // The lanes' elements of y, from `first` on. Weights are shared out, a lane a key.
  __device__ void add_values(std::int64_t first, float largest, float sum) {
    const std::int64_t d = first + lane_;
    const bool inside = d < form_.y_heads.size;
    float total = 0;
    for (std::int64_t key = 0; key < form_.key_count; key += kLanes) {
      float own = 0;
      if (key + lane_ < form_.key_count) {
        own = ops::math::exp(score(key + lane_) - largest) / sum;
        if (form_.softmax == ops::AttentionSoftmax::kNanIsZero && own != own) own = 0;
      }
      for (int k = 0; k < kLanes && key + k < form_.key_count; ++k) {
        const float weight = __shfl_sync(0xffffffffu, own, k);
        if (inside) total += weight * ops::widened(head_.values.at(key + k)[d]);
      }
    }
    if (inside) y_[d] = ops::convert<T>(total);
  }

  const AttentionForm<T>& form_;
  const AttentionHead<T>& head_;
  int lane_;
  const T* query_;
  T* y_;
  ops::KeyRange visible_;
  std::int64_t mask_at_;
};

// Some neighbouring queries of a head, which a block of threads has computed without the keys from
// `last` on.
template <typename T>
struct Computed {
  const AttentionForm<T>& form;
  const AttentionHead<T>& head;
  std::int64_t token;
  int count;
  std::int64_t last;

  __device__ static int warp() { return static_cast<int>(threadIdx.x) / kLanes; }
  __device__ static int warps() { return static_cast<int>(blockDim.x) / kLanes; }
  __device__ static int lane() { return static_cast<int>(threadIdx.x) % kLanes; }

  // Computes again what is not finite, or all where `last` is too early; a warp a query. All
  // threads of the block call it, with a word that they share.
  __device__ MI_NOINLINE void settle(bool& all) const {
    __syncthreads();
    if (threadIdx.x == 0) all = false;
    __syncthreads();
    if (last < form.key_count && !may_leave_out()) all = true;
    __syncthreads();
    for (int i = warp(); i < count; i += warps()) {
      StepByStep<T> query(form, head, token + i);
      if (all || !query.is_finite()) query.run();
    }
    __syncthreads();
  }

 private:
  // Whether this thread's share of the keys may be left out; see ops::kHarmless.
  __device__ bool may_leave_out() const {
    const float most = form.hidden.is_added ? ops::kHarmless / largest_factor() : INFINITY;
    bool harmless = true;
    for (std::int64_t key = last + warp(); key < form.key_count; key += warps()) {
      const T* value = head.values.at(key);
      for (std::int64_t d = lane(); d < form.y_heads.size; d += kLanes) {
        harmless = harmless && ops::is_finite(ops::widened(value[d]));
      }
      if (form.hidden.is_added) harmless = harmless && is_within(head.keys.at(key), most);
      harmless = harmless && adds_no_more_than_harmless(key);
    }
    return harmless;
  }

  __device__ bool is_within(const T* key, float most) const {
    bool within = true;
    for (std::int64_t d = lane(); d < form.query_heads.size; d += kLanes) {
      const float magnitude = fabsf(ops::widened(key[d]));
      within = within && magnitude <= most && magnitude < INFINITY;
    }
    return within;
  }

  // No score is larger than this times the largest element of its key.
  __device__ float largest_factor() const {
    float largest = 0;
    for (int i = 0; i < count; ++i) {
      const T* query = form.query + form.query_heads.offset(head.sample, head.head, token + i);
      for (std::int64_t d = lane(); d < form.query_heads.size; d += kLanes) {
        largest = ops::Max{}(largest, fabsf(ops::widened(query[d]) * form.query_scale));
      }
    }
    return warp_largest(largest) * fmaxf(fabsf(form.scale), 1.0f) *
           static_cast<float>(form.query_heads.size);
  }

  __device__ bool adds_no_more_than_harmless(std::int64_t key) const {
    if (form.mask_kind != MaskKind::kFloat && form.mask_kind != MaskKind::kOwn) return true;
    const std::int64_t at = head.sample * form.mask_steps[0] + head.head * form.mask_steps[1] +
                            key * form.mask_steps[3];
    const int rows = form.mask_steps[2] == 0 ? 1 : count;
    bool harmless = true;
    for (int row = lane(); row < rows; row += kLanes) {
      const float added = form.added_at(at + (token + row) * form.mask_steps[2]);
      harmless = harmless && added <= ops::kHarmless;
    }
    return harmless;
  }
};

}  // namespace mini_infer::cuda::attention
