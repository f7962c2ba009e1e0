#pragma once

#include "cuda/attention.h"
#include "cuda/attention_steps.h"
#include "cuda/each.h"
#include "cuda/warp.h"

// Attention without a matrix of all scores: some queries of a head walk over their keys together, a
// block of them at a time, and keep of each query the largest score, the sum of
// exp(score - largest) and the values weighted with it; both sums shrink when a larger score
// appears (Dao et al., arXiv:2205.14135; Milakov and Gimelshein, arXiv:1805.02867).
namespace mini_infer::cuda::attention {

constexpr int kKeys = 64;                 // at a time
constexpr int kElements = kLanes;         // of a vector, at a time
constexpr int kValueKeys = kLanes;        // whose values are at hand at a time
constexpr int kRows = 4;                  // queries of a warp
constexpr int kColumns = 4;               // of their sums, of a thread
constexpr int kPart = kColumns * kLanes;  // elements of a value that are summed at a time

// What the threads of a block share.
template <int kQueries>
struct Shared {
  float queries[kElements][kQueries + 1];
  float keys[kElements][kKeys + 1];
  float scores[kQueries][kKeys + 1];
  float values[kValueKeys][kPart];
};

__device__ inline int least(std::int64_t a, std::int64_t b) {
  return static_cast<int>(a < b ? a : b);
}

template <typename T, int kWarps>
class Walk {
 public:
  static constexpr int kQueries = kWarps * kRows;
  using Shared = attention::Shared<kQueries>;

  __device__ __forceinline__ Walk(const AttentionForm<T>& form, const AttentionHead<T>& head,
                                  std::int64_t token, Shared& shared)
      : form_(form),
        head_(head),
        shared_(shared),
        token_(token),
        count_(least(kQueries, form.query_heads.tokens - token)),
        thread_(static_cast<int>(threadIdx.x)),
        lane_(thread_ % kLanes),
        first_row_(thread_ / kLanes * kRows) {
    MI_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const int row = own_row(i);
      visible_[i] = form.rules.visible(token + row, head.before, head.valid);
      mask_at_[i] = head.sample * form.mask_steps[0] + head.head * form.mask_steps[1] +
                    (token + row) * form.mask_steps[2];
    }
  }

  // Sums up the elements [first, first + kPart) of the values.
  __device__ __forceinline__ void sum(int first) {
    MI_UNROLL
    for (int i = 0; i < kRows; ++i) {
      largest_[i] = kMasked;
      total_[i] = 0;
      for (float& sum : sums_[i]) sum = 0;
    }
    const ops::KeyRange all = walked();
    for (std::int64_t key = all.first; key < all.last; key += kKeys) {
      const int keys = least(kKeys, all.last - key);
      Added added;
      fetch_mask(key, keys, added);
      score(key, keys);
      weigh(key, keys, added);
      add_values(key, keys, first);
    }
    for (float& total : total_) total = warp_sum(total);
    store(first);
  }

  // Of an attention that was written out, after sum().
  __device__ __forceinline__ void settle(bool& shared) {
    Computed<T>{form_, head_, token_, count_, walked().last}.settle(shared);
  }

  // The scores of all keys as output 3 wants them; after sum().
  __device__ __forceinline__ void show() {
    for (std::int64_t key = 0; key < form_.key_count; key += kKeys) {
      const int keys = least(kKeys, form_.key_count - key);
      score(key, keys);
      MI_UNROLL
      for (int i = 0; i < kRows; ++i) {
        if (first_row_ + i >= count_) continue;
        const std::int64_t row =
            (head_.sample * form_.query_heads.heads + head_.head) * form_.query_heads.tokens +
            token_ + first_row_ + i;
        T* to = form_.shown + row * form_.key_count + key;
        for (int k = lane_; k < keys; k += kLanes) to[k] = ops::convert<T>(shown(i, k, key));
      }
      __syncthreads();
    }
  }

 private:
  // The keys that a query of the block sees.
  __device__ __forceinline__ ops::KeyRange walked() const {
    return {form_.rules.visible(token_, head_.before, head_.valid).first,
            form_.rules.visible(token_ + count_ - 1, head_.before, head_.valid).last};
  }

  // Rows beyond the last query repeat it, and are not stored.
  __device__ __forceinline__ int own_row(int i) const { return least(first_row_ + i, count_ - 1); }

  // Scaled products of all queries and so many keys, for every thread to see.
  __device__ __forceinline__ void score(std::int64_t first, int keys) {
    constexpr int kKeysApart = 16;
    constexpr int kQueriesApart = kWarps * kLanes / kKeysApart;
    constexpr int kOwnKeys = kKeys / kKeysApart;
    constexpr int kOwnQueries = kQueries / kQueriesApart;
    const int query = thread_ / kKeysApart;
    const int key = thread_ % kKeysApart;
    float sums[kOwnQueries][kOwnKeys] = {};
    for (int d = 0; d < form_.query_heads.size; d += kElements) {
      const int size = least(kElements, form_.query_heads.size - d);
      fetch_products(first, keys, d, size);
      __syncthreads();
      for (int e = 0; e < size; ++e) {
        for (int i = 0; i < kOwnQueries; ++i) {
          const float q = shared_.queries[e][query + i * kQueriesApart];
          for (int j = 0; j < kOwnKeys; ++j)
            sums[i][j] += q * shared_.keys[e][key + j * kKeysApart];
        }
      }
      __syncthreads();
    }
    for (int i = 0; i < kOwnQueries; ++i) {
      for (int j = 0; j < kOwnKeys; ++j) {
        shared_.scores[query + i * kQueriesApart][key + j * kKeysApart] = form_.scale * sums[i][j];
      }
    }
    __syncthreads();
  }

  // Elements [d, d + size) of queries and keys.
  __device__ __forceinline__ void fetch_products(std::int64_t first, int keys, int d, int size) {
    const T* queries = form_.query + form_.query_heads.offset(head_.sample, head_.head, token_) + d;
    for (int row = thread_ / kLanes; row < kQueries; row += kWarps) {
      const bool inside = row < count_ && lane_ < size;
      const float element =
          inside ? ops::widened(queries[row * form_.query_heads.token_step + lane_]) : 0.0f;
      shared_.queries[lane_][row] = element * form_.query_scale;
    }
    for (int row = thread_ / kLanes; row < kKeys; row += kWarps) {
      const bool inside = row < keys && lane_ < size;
      shared_.keys[lane_][row] =
          inside ? ops::widened(head_.keys.at(first + row)[d + lane_]) : 0.0f;
    }
  }

  // Score of key `first + k` for the warp's query i, masked.
  __device__ __forceinline__ float biased(int i, int k, std::int64_t first, float added) const {
    const std::int64_t key = first + k;
    const bool seen = visible_[i].first <= key && key < visible_[i].last;
    return form_.biased(shared_.scores[first_row_ + i][k], seen, added);
  }
  __device__ __forceinline__ float biased(int i, int k, std::int64_t first) const {
    return biased(i, k, first, form_.added_at(mask_at_[i] + (first + k) * form_.mask_steps[3]));
  }

  // What the mask adds to the lane's scores of the warp's queries.
  using Added = float[kRows][kKeys / kLanes];

  // Places that are not looked at are read all the same, at the last key: without branches the
  // loads overlap.
  __device__ __forceinline__ void fetch_mask(std::int64_t first, int keys, Added& added) const {
    form_.with_mask([&](auto added_at) {
      MI_UNROLL
      for (int i = 0; i < kRows; ++i) {
        MI_UNROLL
        for (int part = 0; part < kKeys / kLanes; ++part) {
          const int k = lane_ + part * kLanes;
          added[i][part] =
              added_at(mask_at_[i] + (first + (k < keys ? k : keys - 1)) * form_.mask_steps[3]);
        }
      }
    });
  }

  // The warp's scores become weights; what was summed before shrinks to the new largest score.
  __device__ __forceinline__ void weigh(std::int64_t first, int keys, const Added& added) {
    MI_UNROLL
    for (int i = 0; i < kRows; ++i) {
      float scores[kKeys / kLanes];
      float largest = kMasked;
      for (int part = 0; part < kKeys / kLanes; ++part) {
        const int k = lane_ + part * kLanes;
        scores[part] = k < keys ? biased(i, k, first, added[i][part]) : kMasked;
        largest = ops::Max{}(largest, scores[part]);
      }
      largest = ops::Max{}(largest_[i], warp_largest(largest));
      const float shrink = largest == kMasked ? 1.0f : ops::math::exp(largest_[i] - largest);
      float total = 0;
      for (int part = 0; part < kKeys / kLanes; ++part) {
        const float score = scores[part];
        const float weight = score == kMasked ? 0.0f : ops::math::exp(score - largest);
        shared_.scores[first_row_ + i][lane_ + part * kLanes] = weight;
        total += weight;
      }
      largest_[i] = largest;
      total_[i] = total_[i] * shrink + total;
      for (float& sum : sums_[i]) sum *= shrink;
    }
    __syncwarp();
  }

  __device__ __forceinline__ void add_values(std::int64_t first, int keys, int part) {
    const int size = least(kPart, form_.y_heads.size - part);
    for (int key = 0; key < keys; key += kValueKeys) {
      const int count = least(kValueKeys, keys - key);
      for (int row = thread_ / kLanes; row < count; row += kWarps) {
        const T* value = head_.values.at(first + key + row) + part;
        for (int d = lane_; d < kPart; d += kLanes) {
          shared_.values[row][d] = d < size ? ops::widened(value[d]) : 0.0f;
        }
      }
      __syncthreads();
      for (int k = 0; k < count; ++k) add_value(k, key + k);
      __syncthreads();
    }
  }

  // By the standard not even a NaN of a masked key counts.
  __device__ __forceinline__ void add_value(int row, int key) {
    MI_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const float weight = shared_.scores[first_row_ + i][key];
      if (weight == 0.0f && !form_.is_written_out()) continue;
      for (int j = 0; j < kColumns; ++j) {
        sums_[i][j] += weight * shared_.values[row][lane_ + j * kLanes];
      }
    }
  }

  __device__ __forceinline__ void store(int part) const {
    MI_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (first_row_ + i >= count_) continue;
      T* y = form_.y + form_.y_heads.offset(head_.sample, head_.head, token_ + first_row_ + i);
      const bool unsettled = form_.misses_keys(largest_[i], walked().last);
      for (int j = 0; j < kColumns; ++j) {
        const int d = part + lane_ + j * kLanes;
        if (d >= form_.y_heads.size) continue;
        const float mean =
            largest_[i] == kMasked ? form_.mean_of_none(sums_[i][j]) : sums_[i][j] / total_[i];
        y[d] = ops::convert<T>(unsettled ? NAN : mean);
      }
    }
  }

  __device__ __forceinline__ float shown(int i, int k, std::int64_t first) const {
    const float scaled = shared_.scores[first_row_ + i][k];
    switch (form_.scores) {
      case ops::AttentionScores::kScaled:
        return scaled;
      case ops::AttentionScores::kCapped:
        return form_.capped(scaled);
      case ops::AttentionScores::kBiased:
        return biased(i, k, first);
      case ops::AttentionScores::kWeights: {
        const float score = biased(i, k, first);
        return score == kMasked ? 0.0f : ops::math::exp(score - largest_[i]) / total_[i];
      }
    }
    return 0;
  }

  const AttentionForm<T>& form_;
  const AttentionHead<T>& head_;
  Shared& shared_;
  std::int64_t token_;
  int count_;  // queries
  int thread_, lane_, first_row_;
  // Of the warp's queries.
  ops::KeyRange visible_[kRows];
  std::int64_t mask_at_[kRows];
  float largest_[kRows];
  float total_[kRows];  // until the end only of this lane's keys
  float sums_[kRows][kColumns];
};

template <typename T, int kWarps>
__global__ void __launch_bounds__(kWarps* kLanes)
    kernel(AttentionForm<T> form, std::int64_t blocks) {
  using Walk = attention::Walk<T, kWarps>;
  __shared__ typename Walk::Shared shared;
  __shared__ bool settles_all;
  const std::int64_t count = form.query_heads.batch * form.query_heads.heads * blocks;
  for (std::int64_t piece = blockIdx.x; piece < count; piece += gridDim.x) {
    const AttentionHead<T> head(form, piece / blocks);
    Walk walk(form, head, piece % blocks * Walk::kQueries, shared);
    int part = 0;
    do {
      walk.sum(part);
      part += kPart;
    } while (part < form.y_heads.size);
    if (form.is_written_out()) walk.settle(settles_all);
    if (form.shown != nullptr) walk.show();
  }
}

template <typename T, int kWarps>
[[nodiscard]] core::Status run(const AttentionForm<T>& form, ops::Queue queue) {
  constexpr int kQueries = Walk<T, kWarps>::kQueries;
  const ops::Heads& heads = form.query_heads;
  const std::int64_t blocks = (heads.tokens + kQueries - 1) / kQueries;
  return launch("attention", kernel<T, kWarps>,
                {.blocks = blocks_for(heads.batch * heads.heads * blocks, 1),
                 .threads = kWarps * kLanes,
                 .barriers = true},
                queue, form, blocks);
}

}  // namespace mini_infer::cuda::attention
