#pragma once

#include "cuda/attention.h"
#include "cuda/attention_steps.h"
#include "cuda/each.h"
#include "cuda/pack.h"
#include "cuda/tensor_core.h"

// The attention of attention_kernel.h for 16-bit elements, its products on tensor cores: a warp has
// 16 queries, whose scores never leave its registers (Dao, arXiv:2307.08691). Weights are rounded
// to the elements' type before they meet the values.
namespace mini_infer::cuda::attention {

constexpr int kTensorWarps = 4;
constexpr int kWarpQueries = 16;
constexpr int kTensorQueries = kTensorWarps * kWarpQueries;
constexpr int kTensorKeys = 64;  // at a time
constexpr int kKeyTiles = kTensorKeys / 8;
static_assert(kTensorKeys <= kTensorWarps * kLanes);  // a thread for each
constexpr int kLargestTensorSize = 128;               // elements of a vector

// Keys or values of a block, rows apart so that a warp's reads meet no bank twice.
template <typename T, int kSize>
struct TensorShared {
  static constexpr int kRow = kSize + Pack<T>::kCount;
  alignas(16) T keys[kTensorKeys * kRow];
  alignas(16) T values[kTensorKeys * kRow];
  // Whether all values are finite; of each key.
  bool all_finite;
  bool finite[kTensorKeys];
  // Where the mask is the same for all queries: what it adds to each key's scores.
  alignas(8) float added[kTensorKeys];
};

// Its exponent is not the one of infinities and NaNs.
__device__ inline bool is_finite(ops::Float16 x) { return (x.bits & 0x7c00u) != 0x7c00u; }
__device__ inline bool is_finite(ops::BFloat16 x) { return (x.bits & 0x7f80u) != 0x7f80u; }

template <typename T, int kSize>
class TensorWalk {
 public:
  using Shared = TensorShared<T, kSize>;

  __device__ __forceinline__ TensorWalk(const AttentionForm<T>& form, const AttentionHead<T>& head,
                                        std::int64_t token, Shared& shared)
      : form_(form), head_(head), shared_(shared), token_(token) {
    const int lane = static_cast<int>(threadIdx.x) % kLanes;
    group_ = lane / 4;
    pair_ = lane % 4;
    count_ = form.query_heads.tokens - token < kTensorQueries
                 ? static_cast<int>(form.query_heads.tokens - token)
                 : kTensorQueries;
    MI_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int row = row_of(half) < count_ ? row_of(half) : count_ - 1;
      visible_[half] = form.rules.visible(token + row, head.before, head.valid);
      mask_at_[half] = head.sample * form.mask_steps[0] + head.head * form.mask_steps[1] +
                       (token + row) * form.mask_steps[2];
      largest_[half] = kMasked;
      total_[half] = 0;
      fetch_query(half, row);
    }
  }

  __device__ __forceinline__ void run() {
    const ops::KeyRange all = walked();
    for (std::int64_t key = all.first; key < all.last; key += kTensorKeys) {
      const int keys =
          all.last - key < kTensorKeys ? static_cast<int>(all.last - key) : kTensorKeys;
      Added added;
      fetch(key, keys);
      __syncthreads();
      TileC scores[kKeyTiles];
      fetch_mask(key, keys, added);
      score(scores);
      weigh(key, keys, added, scores);
      add_values(scores);
      add_infinite_values(key, scores);
      __syncthreads();
    }
    store();
  }

  // Of an attention that was written out, after run().
  __device__ __forceinline__ void settle(bool& shared) {
    Computed<T>{form_, head_, token_, count_, walked().last}.settle(shared);
  }

 private:
  // The keys that a query of the block sees.
  __device__ __forceinline__ ops::KeyRange walked() const {
    return {form_.rules.visible(token_, head_.before, head_.valid).first,
            form_.rules.visible(token_ + count_ - 1, head_.before, head_.valid).last};
  }

  // Of the two that a lane has a part of.
  __device__ int row_of(int half) const {
    return static_cast<int>(threadIdx.x) / kLanes * kWarpQueries + group_ + half * 8;
  }

  // Of those at hand, the one of sum i of a tile.
  __device__ int key_of(int tile, int i) const { return tile * 8 + pair_ * 2 + i % 2; }
  __device__ static int within(std::int64_t key, int keys) {
    return key < 0 ? 0 : key < keys ? static_cast<int>(key) : keys;
  }

  __device__ __forceinline__ void fetch_query(int half, int row) {
    const T* query = form_.query + form_.query_heads.offset(head_.sample, head_.head, token_ + row);
    MI_UNROLL
    for (int step = 0; step < kSize / 16; ++step) {
      for (int part = 0; part < 2; ++part) {
        const int d = step * 16 + part * 8 + pair_ * 2;
        query_[step].words[part * 2 + half] =
            d < form_.query_heads.size ? load_word(query + d) : 0u;
      }
    }
  }

  // What the mask adds to the scores of the lane, which lie as in TileC::sums.
  using Added = float[kKeyTiles][4];

  // Places that are not looked at are read all the same, at the last key: without branches the
  // loads overlap.
  __device__ __forceinline__ void fetch_mask(std::int64_t first, int keys, Added& added) const {
    if (one_mask_row()) {
      MI_UNROLL
      for (int tile = 0; tile < kKeyTiles; ++tile) {
        MI_UNROLL
        for (int i = 0; i < 4; ++i) added[tile][i] = shared_.added[key_of(tile, i)];
      }
      return;
    }
    form_.with_mask([&](auto added_at) {
      MI_UNROLL
      for (int tile = 0; tile < kKeyTiles; ++tile) {
        MI_UNROLL
        for (int i = 0; i < 4; ++i) {
          const int key = key_of(tile, i);
          added[tile][i] = added_at(mask_at_[i / 2] +
                                    (first + (key < keys ? key : keys - 1)) * form_.mask_steps[3]);
        }
      }
    });
  }

  __device__ bool one_mask_row() const {
    return form_.mask_kind != MaskKind::kNone && form_.mask_steps[2] == 0;
  }
  __device__ __forceinline__ void fetch_mask_row(std::int64_t first, int keys) {
    const int key = static_cast<int>(threadIdx.x);
    if (key >= keys) return;
    const std::int64_t row = head_.sample * form_.mask_steps[0] + head_.head * form_.mask_steps[1];
    shared_.added[key] = form_.added_at(row + (first + key) * form_.mask_steps[3]);
  }

  // So many keys and their values; what is beyond them, or not finite, is 0.
  __device__ __forceinline__ void fetch(std::int64_t first, int keys) {
    constexpr int kCount = Pack<T>::kCount;
    constexpr int kPacks = kSize / kCount;
    if (threadIdx.x < kTensorKeys) shared_.finite[threadIdx.x] = true;
    if (threadIdx.x == 0) shared_.all_finite = true;
    if (one_mask_row()) fetch_mask_row(first, keys);
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kTensorKeys * kPacks;
         i += kTensorWarps * kLanes) {
      const int row = i / kPacks;
      const int d = i % kPacks * kCount;
      Pack<T> key{};
      Pack<T> value{};
      if (row < keys) {
        if (d < form_.query_heads.size) key = load_pack(head_.keys.at(first + row) + d);
        if (d < form_.y_heads.size) value = load_pack(head_.values.at(first + row) + d);
      }
      bool finite = true;
      MI_UNROLL
      for (T& element : value.at) {
        finite = finite && is_finite(element);
        element = is_finite(element) ? element : T{};
      }
      if (!finite) {
        shared_.finite[row] = false;
        shared_.all_finite = false;
      }
      store_pack(shared_.keys + row * Shared::kRow + d, key);
      store_pack(shared_.values + row * Shared::kRow + d, value);
    }
  }

  __device__ __forceinline__ void score(TileC (&scores)[kKeyTiles]) const {
    MI_UNROLL
    for (int tile = 0; tile < kKeyTiles; ++tile) {
      scores[tile] = {};
      const T* key = shared_.keys + (tile * 8 + group_) * Shared::kRow + pair_ * 2;
      MI_UNROLL
      for (int step = 0; step < kSize / 16; ++step) {
        multiply<T>(scores[tile], query_[step],
                    {load_word(key + step * 16), load_word(key + step * 16 + 8)});
      }
    }
  }

  // Scores become weights; what was summed before shrinks to the new largest score.
  __device__ __forceinline__ void weigh(std::int64_t first, int keys, const Added& added,
                                        TileC (&scores)[kKeyTiles]) {
    constexpr float kLog2E = 1.44269504f;
    const float scale = form_.query_scale * form_.scale;
    MI_UNROLL
    for (int half = 0; half < 2; ++half) {
      float largest = largest_[half];
      const int begin = within(visible_[half].first - first, keys);
      const int end = within(visible_[half].last - first, keys);
      MI_UNROLL
      for (int tile = 0; tile < kKeyTiles; ++tile) {
        MI_UNROLL
        for (int i = half * 2; i < half * 2 + 2; ++i) {
          float& score = scores[tile].sums[i];
          const int key = key_of(tile, i);
          const bool visible = key >= begin && key < end;
          note_overflow(score);
          score = key < keys ? form_.biased(scale * score, visible, added[tile][i]) : kMasked;
          largest = ops::Max{}(largest, score);
        }
      }
      for (int lanes = 1; lanes < 4; lanes *= 2) {
        largest = ops::Max{}(largest, __shfl_xor_sync(0xffffffffu, largest, lanes));
      }
      const float shrink = largest == kMasked ? 1.0f : exp2f((largest_[half] - largest) * kLog2E);
      total_[half] *= shrink;
      MI_UNROLL
      for (int tile = 0; tile < kKeyTiles; ++tile) {
        for (int i = 0; i < 2; ++i) {
          float& score = scores[tile].sums[half * 2 + i];
          score = score == kMasked ? 0.0f : exp2f((score - largest) * kLog2E);
          total_[half] += score;
        }
      }
      largest_[half] = largest;
      MI_UNROLL
      for (TileC& sum : sums_) {
        sum.sums[half * 2] *= shrink;
        sum.sums[half * 2 + 1] *= shrink;
      }
    }
  }

  // query_scale is applied late here: a product may overflow that would not have, scaled. Products
  // of float16 never do.
  __device__ __forceinline__ void note_overflow(float product) {
    if constexpr (std::is_same_v<T, ops::BFloat16>) {
      if (form_.query_scale != 1.0f) largest_product_ = fmaxf(largest_product_, fabsf(product));
    }
  }

  // As lanes hold their sums of two tiles, they hold one tile of factors.
  __device__ __forceinline__ void add_values(const TileC (&weights)[kKeyTiles]) {
    MI_UNROLL
    for (int step = 0; step < kTensorKeys / 16; ++step) {
      TileA weight;
      MI_UNROLL
      for (int word = 0; word < 4; ++word) {
        const float* pair = weights[step * 2 + word / 2].sums + word % 2 * 2;
        weight.words[word] = word_of(ops::convert<T>(pair[0]), ops::convert<T>(pair[1]));
      }
      const T* values = shared_.values + (step * 16 + pair_ * 2) * Shared::kRow + group_;
      MI_UNROLL
      for (int tile = 0; tile < kSize / 8; ++tile) {
        const T* value = values + tile * 8;
        multiply<T>(sums_[tile], weight,
                    {word_of(value[0], value[Shared::kRow]),
                     word_of(value[8 * Shared::kRow], value[9 * Shared::kRow])});
      }
    }
  }

  // Infinities and NaNs, which a product would spread to queries that do not see the key.
  __device__ __forceinline__ void add_infinite_values(std::int64_t first,
                                                      const TileC (&weights)[kKeyTiles]) {
    if (shared_.all_finite) return;
    for (int key = 0; key < kTensorKeys; ++key) {
      if (shared_.finite[key]) continue;
      const T* value = head_.values.at(first + key);
      MI_UNROLL
      for (int half = 0; half < 2; ++half) {
        // Of the lane's own two in the key's tile, the one of a key as even or odd as this one.
        float own = 0;
        MI_UNROLL
        for (int tile = 0; tile < kKeyTiles; ++tile) {
          const float* sums = weights[tile].sums + half * 2;
          const float weight = key % 2 == 0 ? sums[0] : sums[1];
          own = tile == key / 8 ? weight : own;
        }
        const float weight = __shfl_sync(0xffffffffu, own, group_ * 4 + key % 8 / 2);
        if (weight != 0.0f || form_.is_written_out()) add_infinite_value(half, weight, value);
      }
    }
  }
  __device__ __forceinline__ void add_infinite_value(int half, float weight, const T* value) {
    MI_UNROLL
    for (int tile = 0; tile < kSize / 8; ++tile) {
      for (int i = 0; i < 2; ++i) {
        const int d = tile * 8 + pair_ * 2 + i;
        if (d < form_.y_heads.size && !is_finite(value[d])) {
          sums_[tile].sums[half * 2 + i] += weight * ops::widened(value[d]);
        }
      }
    }
  }

  __device__ __forceinline__ void store() {
    const bool overflowed = warp_largest(largest_product_) == INFINITY;
    MI_UNROLL
    for (int half = 0; half < 2; ++half) {
      float total = total_[half];
      for (int lanes = 1; lanes < 4; lanes *= 2) {
        total += __shfl_xor_sync(0xffffffffu, total, lanes);
      }
      if (row_of(half) >= count_) continue;
      T* y = form_.y + form_.y_heads.offset(head_.sample, head_.head, token_ + row_of(half));
      const bool unsettled = overflowed || form_.misses_keys(largest_[half], walked().last);
      const bool masked = largest_[half] == kMasked && !unsettled;
      const float factor = unsettled ? NAN : 1.0f / total;
      MI_UNROLL
      for (int tile = 0; tile < kSize / 8; ++tile) {
        const int d = tile * 8 + pair_ * 2;
        if (d >= form_.y_heads.size) continue;
        const float* sums = sums_[tile].sums + half * 2;
        const std::uint32_t word =
            word_of(ops::convert<T>(masked ? form_.mean_of_none(sums[0]) : sums[0] * factor),
                    ops::convert<T>(masked ? form_.mean_of_none(sums[1]) : sums[1] * factor));
        std::memcpy(y + d, &word, sizeof word);
      }
    }
  }

  const AttentionForm<T>& form_;
  const AttentionHead<T>& head_;
  Shared& shared_;
  std::int64_t token_;
  int count_;  // queries of the block
  int group_, pair_;
  TileA query_[kSize / 16];
  // Of the lane's two queries.
  ops::KeyRange visible_[2];
  std::int64_t mask_at_[2];
  float largest_[2];
  float total_[2];  // until the end only of this lane's keys
  float largest_product_ = 0;
  TileC sums_[kSize / 8] = {};
};

template <typename T, int kSize>
__global__ void __launch_bounds__(kTensorWarps* kLanes, kSize <= 64 ? 3 : 1)
    tensor_kernel(AttentionForm<T> form, std::int64_t blocks) {
  using Walk = TensorWalk<T, kSize>;
  __shared__ typename Walk::Shared shared;
  __shared__ bool settles_all;
  const std::int64_t count = form.query_heads.batch * form.query_heads.heads * blocks;
  for (std::int64_t piece = blockIdx.x; piece < count; piece += gridDim.x) {
    const AttentionHead<T> head(form, piece / blocks);
    Walk walk(form, head, piece % blocks * kTensorQueries, shared);
    walk.run();
    if (form.is_written_out()) walk.settle(settles_all);
    __syncthreads();
  }
}

template <typename T, int kSize>
[[nodiscard]] core::Status run_on_tensor_cores(const AttentionForm<T>& form, ops::Queue queue) {
  const ops::Heads& heads = form.query_heads;
  const std::int64_t blocks = (heads.tokens + kTensorQueries - 1) / kTensorQueries;
  return launch("attention", tensor_kernel<T, kSize>,
                {.blocks = blocks_for(heads.batch * heads.heads * blocks, 1),
                 .threads = kTensorWarps * kLanes,
                 .barriers = true},
                queue, form, blocks);
}

}  // namespace mini_infer::cuda::attention
