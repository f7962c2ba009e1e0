#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/simd/table.h"

// What an attention reads, as floats, however it is stored.
namespace mini_infer::cpu::MI_ISA {

inline constexpr float kMasked = -__builtin_inff();  // the score of a key that is not seen

// From the first of numbers that are stored as the block's are to number `at`.
static inline std::ptrdiff_t bytes_to(const AttentionBlock& block, std::int64_t at) {
  return at * static_cast<int>(block.widen == nullptr ? sizeof(float) : sizeof(std::uint16_t));
}

static inline const void* stored_at(const AttentionBlock& block, const void* first,
                                    std::int64_t at) {
  return static_cast<const char*>(first) + bytes_to(block, at);
}

// Keys or values as floats, where they lie or in `room`.
struct FloatRows {
  const float* first;
  std::int64_t step;

  FloatRows(const AttentionBlock& block, const void* from, std::int64_t row, int count, int size,
            float* room)
      : first(static_cast<const float*>(from)), step(row) {
    if (block.widen == nullptr) return;
    for (int i = 0; i < count; ++i) {
      block.widen(stored_at(block, from, i * row), room + std::int64_t{i} * size, size);
    }
    first = room;
    step = size;
  }
};

static inline FloatRows keys_of(const AttentionBlock& block, const KeySegment& segment,
                                std::int64_t key, int count, float* room) {
  return {block,           stored_at(block, segment.key, key * segment.key_row),
          segment.key_row, count,
          block.key_size,  room};
}

static inline FloatRows values_of(const AttentionBlock& block, const KeySegment& segment,
                                  std::int64_t key, int count, float* room) {
  return {block,
          stored_at(block, segment.value, key * segment.value_row),
          segment.value_row,
          count,
          block.value_size,
          room};
}

static inline bool has_mask(const AttentionBlock& block) {
  return block.mask != nullptr || block.float_mask != nullptr || block.bool_mask != nullptr;
}

static inline bool is_written_out(const AttentionBlock& block) {
  return block.softmax != ops::AttentionSoftmax::kStandard;
}

// What is added to the scores of a query; kMasked where the mask takes a score away.
static inline void read_mask(const AttentionBlock& block, std::int64_t query, std::int64_t key,
                             int count, float* added) {
  const std::int64_t at = query * block.mask_query + key * block.mask_key;
  if (block.mask != nullptr) {
    const int together = block.mask_key == 1 ? count : 1;
    for (int k = 0; k < count; k += together) {
      block.widen(stored_at(block, block.mask, at + k * block.mask_key), added + k, together);
    }
  } else if (block.float_mask != nullptr) {
    for (int k = 0; k < count; ++k) added[k] = block.float_mask[at + k * block.mask_key];
  } else {
    for (int k = 0; k < count; ++k) {
      added[k] = block.bool_mask[at + k * block.mask_key] != 0 ? 0.0f : kMasked;
    }
  }
}

// By the standard a score that the mask takes away is not looked at: a NaN even stays out.
static inline float masked(const AttentionBlock& block, float score, float added) {
  if (added != kMasked) return score + added;
  if (block.bool_mask != nullptr) return block.hidden.score;
  return is_written_out(block) ? score + added : kMasked;
}

// The score of a key that the query must not see.
static inline float unseen(const AttentionBlock& block, float score) {
  return is_written_out(block) ? ops::causal_score(block.hidden, score) : kMasked;
}

// An element of y of a query that sees no key; `sum` is that of its values times 0.
static inline float mean_of_none(const AttentionBlock& block, float sum) {
  switch (block.softmax) {
    case ops::AttentionSoftmax::kStandard:
      return 0.0f;
    case ops::AttentionSoftmax::kWrittenOut:
      return __builtin_nanf("");
    case ops::AttentionSoftmax::kNanIsZero:
      break;
  }
  return sum;  // values times 0
}

}  // namespace mini_infer::cpu::MI_ISA
