#include "cpu/simd/code/attention.h"

#include "cpu/simd/code/attention_operands.h"
#include "cpu/simd/code/table.h"
#include "cpu/simd/code/transpose.h"
#include "cpu/simd/code/vector.h"
#include "ops/block_sum.h"
#include "ops/functor.h"

// Attention without a matrix of all scores: a block of keys at a time, keeping of each query the
// largest score, the sum of exp(score - largest) and the weighted sum of the values; both sums
// shrink when a larger score appears (Dao et al., arXiv:2205.14135; Milakov and Gimelshein,
// arXiv:1805.02867).
//
// For many queries everything is laid out with queries as the columns of a tile: scores = K Q' and
// sums = V' P, so that keys and values are read where they lie and no step adds up across a vector.
namespace mini_infer::cpu::MI_ISA {

namespace {

constexpr int kWidth = kTileVectors * kLanes;  // queries side by side
constexpr int kKeys = 132;                     // keys at a time, whole tiles of any height
static_assert(kKeys <= ops::kSumBlock * ops::kSumSection);  // products need no double sums
static_assert(kMaxHeadSize <= ops::kSumBlock * ops::kSumSection);

MI_INLINE int least(std::int64_t a, std::int64_t b) { return static_cast<int>(a < b ? a : b); }

float capped(float score, float softcap) { return softcap * ops::math::tanh(score / softcap); }

std::int64_t keys_in(const AttentionBlock& block) {
  return block.segments[0].count + block.segments[1].count;
}

bool all_finite(const float* values, int count) {
  float zeros = 0;
  for (int i = 0; i < count; ++i) zeros += values[i] - values[i];
  return zeros == 0.0f;
}

// From the first key that any query sees to the last.
ops::KeyRange visible_to_any(const AttentionBlock& block) {
  ops::KeyRange all = block.visible[0];
  for (int q = 1; q < block.queries; ++q) {
    if (block.visible[q].first < all.first) all.first = block.visible[q].first;
    if (block.visible[q].last > all.last) all.last = block.visible[q].last;
  }
  return all;
}

class Columns {
 public:
  explicit Columns(const AttentionBlock& block)
      : block_(block),
        query_(static_cast<const float*>(block.query)),
        y_(static_cast<float*>(block.y)) {
    for (int q = 0; q < kWidth; ++q) {
      largest_[q] = kMasked;
      total_[q] = 0;
    }
    for (int d = 0; d < block.value_size * kWidth; ++d) sums_[d] = 0;
    for (int q = 0; q < kWidth; q += kLanes) load_queries(q);
  }

  void run() {
    const ops::KeyRange visible = visible_to_any(block_);
    std::int64_t before = 0;  // keys of the segments before
    for (const KeySegment& segment : block_.segments) {
      std::int64_t key = visible.first > before ? visible.first - before : 0;
      const std::int64_t end = least(segment.count, visible.last - before);
      for (; key < end; key += kKeys) add(segment, key, before, least(kKeys, end - key));
      before += segment.count;
    }
    store_sums();
  }

  // The queries whose y does not hold, of an attention that was written out.
  void find_unsettled() {
    const std::int64_t seen = visible_to_any(block_).last;
    const bool leaves_out = seen < keys_in(block_);
    const bool harmless = !leaves_out || may_leave_out(seen);
    const bool any_row = !leaves_out || block_.hidden.score == kMasked;
    for (int q = 0; q < block_.queries; ++q) {
      block_.unsettled[q] = !harmless || !(any_row || largest_[q] >= ops::kVisible) ||
                            !all_finite(y_ + q * block_.y_row, block_.value_size);
    }
  }

 private:
  // Whether the keys from `first` on may be left out; see ops::kHarmless.
  bool may_leave_out(std::int64_t first) {
    const float factor = block_.hidden.is_added ? largest_factor() : 1.0f;
    if (!ops::is_finite(factor)) return false;
    const float most = factor > 1.0f ? ops::kHarmless / factor : ops::kHarmless;
    std::int64_t before = 0;
    for (const KeySegment& segment : block_.segments) {
      std::int64_t key = first > before ? first - before : 0;
      for (; key < segment.count; key += kKeys) {
        const int count = least(kKeys, segment.count - key);
        if (!are_within(values_of(block_, segment, key, count, widened_), count, block_.value_size,
                        __FLT_MAX__)) {
          return false;
        }
        if (block_.hidden.is_added && !are_within(keys_of(block_, segment, key, count, widened_),
                                                  count, block_.key_size, most)) {
          return false;
        }
        if (adds_numbers() && !adds_no_more_than_harmless(before + key, count)) return false;
      }
      before += segment.count;
    }
    return true;
  }

  // Whether no element is larger than `most` either way, or a NaN. As integers, magnitudes have the
  // same order, and a NaN is the largest.
  static bool are_within(const FloatRows& rows, int count, int size, float most) {
    const Ints limit = (Ints)broadcast(most);
    Ints signs{};
    for (int k = 0; k < count; ++k) {
      for_each_vector(size, [&](std::int64_t d, auto vectors) {
        const Ints magnitude = (Ints)vectors.get(rows.first + k * rows.step + d) & INT32_MAX;
        signs |= limit - magnitude;
      });
    }
    int all = 0;
    for (int i = 0; i < kLanes; ++i) all |= signs[i];
    return all >= 0;
  }

  // No score is larger than this times the largest element of its key.
  float largest_factor() const {
    float largest = 0;
    for (int i = 0; i < block_.key_size * kWidth; ++i) {
      const float x = queries_[i];
      largest = ops::Max{}(largest, x < 0 ? -x : x);
    }
    const float scale = block_.scale < 0 ? -block_.scale : block_.scale;
    return largest * static_cast<float>(block_.key_size) * (scale > 1 ? scale : 1.0f);
  }

  bool adds_numbers() const { return has_mask(block_) && block_.bool_mask == nullptr; }

  bool adds_no_more_than_harmless(std::int64_t key, int count) const {
    float added[kKeys];
    const int rows = block_.mask_query == 0 ? 1 : block_.queries;
    for (int q = 0; q < rows; ++q) {
      read_mask(block_, q, key, count, added);
      int fits = 1;
      for (int k = 0; k < count; ++k) fits &= added[k] <= ops::kHarmless;
      if (fits == 0) return false;
    }
    return true;
  }

  // kLanes of them, side by side; 0 beyond the last.
  void load_queries(int first) {
    const int queries = least(kLanes, block_.queries - first);
    for_each_vector(block_.key_size, [&](std::int64_t d, auto vectors) {
      Vector rows[kLanes] = {};
      for (int q = 0; q < queries; ++q) {
        rows[q] = vectors.get(query_ + (first + q) * block_.query_row + d);
      }
      transpose(rows);
      const int elements = least(kLanes, block_.key_size - d);
      for (int i = 0; i < elements; ++i) {
        store(queries_ + (d + i) * kWidth + first, rows[i] * broadcast(block_.query_scale));
      }
    });
  }

  void add(const KeySegment& segment, std::int64_t key, std::int64_t before, int count) {
    multiply_keys(segment, key, count);
    if (block_.softcap > 0) {
      for (int i = 0; i < count * kWidth; ++i) scores_[i] = capped(scores_[i], block_.softcap);
    }
    if (is_written_out(block_)) hide(before + key, count);
    if (has_mask(block_)) add_mask(before + key, count);
    if (!is_written_out(block_)) hide(before + key, count);
    weigh(count);
    multiply_values(segment, key, count);
  }

  // scores = scale * K Q', a row a key.
  void multiply_keys(const KeySegment& segment, std::int64_t key, int count) {
    TileEpilogue epilogue;
    epilogue.alpha = block_.scale;
    const FloatRows keys = keys_of(block_, segment, key, count, widened_);
    for (int first = 0; first < count; first += kTileRows) {
      const int rows = least(kTileRows, count - first);
      const float* a[kMaxTileRows];
      for (int i = 0; i < rows; ++i) a[i] = keys.first + (first + i) * keys.step;
      simd_.tile[1][rows - 1]({.depth = block_.key_size,
                               .rows = a,
                               .b = queries_,
                               .b_row = kWidth,
                               .c = scores_ + first * kWidth,
                               .c_row = kWidth,
                               .columns = kWidth,
                               .section = section_,
                               .epilogue = &epilogue});
    }
  }

  void add_mask(std::int64_t key, int count) {
    float added[kKeys];
    if (block_.mask_query == 0) {
      read_mask(block_, 0, key, count, added);
      for (int k = 0; k < count; ++k) add_to_row(scores_ + k * kWidth, added[k]);
      return;
    }
    for (int q = 0; q < block_.queries; ++q) {
      read_mask(block_, q, key, count, added);
      for (int k = 0; k < count; ++k) {
        float& score = scores_[k * kWidth + q];
        score = masked(block_, score, added[k]);
      }
    }
  }

  // What the mask adds to all queries' scores of a key.
  void add_to_row(float* row, float added) const {
    if (added == kMasked && !(is_written_out(block_) && adds_numbers())) {
      const float score = masked(block_, 0, added);
      for (int q = 0; q < kWidth; ++q) row[q] = score;
    } else {
      for (int q = 0; q < kWidth; ++q) row[q] += added;
    }
  }

  // What a query must not see.
  void hide(std::int64_t key, int count) {
    for (int q = 0; q < block_.queries; ++q) {
      const ops::KeyRange visible = block_.visible[q];
      if (visible.first <= key && key + count <= visible.last) continue;
      for (int k = 0; k < count; ++k) {
        const bool seen = visible.first <= key + k && key + k < visible.last;
        float& score = scores_[k * kWidth + q];
        if (!seen) score = unseen(block_, score);
      }
    }
  }

  // Scores become weights; what was summed before shrinks to the new largest score.
  void weigh(int count) {
    float largest[kWidth];
    float shrink[kWidth];
    for (int q = 0; q < kWidth; ++q) largest[q] = largest_[q];
    for (int k = 0; k < count; ++k) {
      const float* row = scores_ + k * kWidth;
      for (int q = 0; q < kWidth; ++q) largest[q] = ops::Max{}(largest[q], row[q]);
    }
    for (int q = 0; q < kWidth; ++q) {
      // Where all is masked so far nothing is taken off: exp(-inf) is 0, and no NaN arises.
      const float base = largest[q] == kMasked ? 0.0f : largest[q];
      shrink[q] = ops::math::exp_of_negative(largest_[q] - base);
      largest_[q] = largest[q];
      largest[q] = base;
      total_[q] *= shrink[q];
    }
    float total[kWidth] = {};  // of these keys
    for (int k = 0; k < count; ++k) {
      float* row = scores_ + k * kWidth;
      for (int q = 0; q < kWidth; ++q) {
        row[q] = ops::math::exp_of_negative(row[q] - largest[q]);
        total[q] += row[q];
      }
    }
    for (int q = 0; q < kWidth; ++q) total_[q] += total[q];
    for (int d = 0; d < block_.value_size; ++d) {
      float* row = sums_ + d * kWidth;
      for (int q = 0; q < kWidth; ++q) row[q] *= shrink[q];
    }
  }

  // sums += V' P, a row an element of a value.
  void multiply_values(const KeySegment& segment, std::int64_t key, int count) {
    const TileEpilogue epilogue;
    const FloatRows values = values_of(block_, segment, key, count, widened_);
    for (int first = 0; first < block_.value_size; first += kTileRows) {
      const int rows = least(kTileRows, block_.value_size - first);
      const float* a[kMaxTileRows];
      for (int i = 0; i < rows; ++i) a[i] = values.first + first + i;
      simd_.tile[1][rows - 1]({.depth = count,
                               .rows = a,
                               .row_step = values.step,
                               .b = scores_,
                               .b_row = kWidth,
                               .c = sums_ + first * kWidth,
                               .c_row = kWidth,
                               .residual = sums_ + first * kWidth,
                               .columns = kWidth,
                               .section = section_,
                               .epilogue = &epilogue});
    }
  }

  void store_sums() const {
    for (int q = 0; q < block_.queries; q += kLanes) store_sums(q);
  }

  void store_sums(int first) const {
    const int queries = least(kLanes, block_.queries - first);
    for_each_vector(block_.value_size, [&](std::int64_t d, auto vectors) {
      Vector rows[kLanes] = {};
      const int elements = least(kLanes, block_.value_size - d);
      for (int i = 0; i < elements; ++i) rows[i] = load(sums_ + (d + i) * kWidth + first);
      transpose(rows);
      for (int q = 0; q < queries; ++q) {
        const bool none = largest_[first + q] == kMasked;
        Vector y = rows[q] * broadcast(none ? 1.0f : 1.0f / total_[first + q]);
        if (none) {
          for (int i = 0; i < kLanes; ++i) y[i] = mean_of_none(block_, y[i]);
        }
        vectors.put(y_ + (first + q) * block_.y_row + d, y);
      }
    });
  }

  const AttentionBlock& block_;
  const float* query_;
  float* y_;
  const Simd& simd_ = table();
  alignas(64) float largest_[kWidth];
  alignas(64) float total_[kWidth];
  alignas(64) float queries_[kMaxHeadSize * kWidth];
  alignas(64) float sums_[kMaxHeadSize * kWidth];
  alignas(64) float scores_[kKeys * kWidth];
  alignas(64) float section_[kMaxTileSums];
  alignas(64) float widened_[kKeys * kMaxHeadSize];  // keys, then values
};

bool has_nan(const float* values, int count) {
  int found = 0;
  for (int i = 0; i < count; ++i) found |= values[i] != values[i];
  return found != 0;
}

// --- One query: a walk along its keys ---

MI_INLINE float sum_of(Vector v) {
  float sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += v[i];
  return sum;
}

float dot(const float* a, const float* b, int size) {
  Vector parts[2] = {};
  int i = 0;
  for (; i + 2 * kLanes <= size; i += 2 * kLanes) {
    parts[0] += load(a + i) * load(b + i);
    parts[1] += load(a + i + kLanes) * load(b + i + kLanes);
  }
  for (; i < size; i += kLanes) {
    const int count = least(kLanes, size - i);
    parts[0] += load_first(a + i, count) * load_first(b + i, count);
  }
  return sum_of(parts[0] + parts[1]);
}

class OneQuery {
 public:
  explicit OneQuery(const AttentionBlock& block)
      : block_(block),
        query_(static_cast<const float*>(block.query)),
        y_(static_cast<float*>(block.y)) {}

  void run() {
    for (int d = 0; d < block_.value_size; ++d) sums_[d] = 0;
    scale_query();
    const ops::KeyRange visible = walked();
    std::int64_t before = 0;
    for (const KeySegment& segment : block_.segments) {
      std::int64_t key = visible.first > before ? visible.first - before : 0;
      const std::int64_t end = least(segment.count, visible.last - before);
      for (; key < end; key += kBlock) add(segment, key, before, least(kBlock, end - key));
      before += segment.count;
    }
    const bool none = largest_ == kMasked;
    const float scale = 1.0f / total_;
    for (int d = 0; d < block_.value_size; ++d) {
      y_[d] = none ? mean_of_none(block_, sums_[d]) : sums_[d] * scale;
    }
    if (is_written_out(block_)) block_.unsettled[0] = !all_finite(y_, block_.value_size);
  }

 private:
  static constexpr int kBlock = 64;

  void scale_query() {
    if (block_.query_scale == 1.0f) return;
    for (int d = 0; d < block_.key_size; ++d) scaled_[d] = query_[d] * block_.query_scale;
    query_ = scaled_;
  }

  // Of an attention that was written out every key is looked at.
  ops::KeyRange walked() const {
    return is_written_out(block_) ? ops::KeyRange{0, keys_in(block_)} : block_.visible[0];
  }

  void add(const KeySegment& segment, std::int64_t key, std::int64_t before, int count) {
    float weights[kBlock];
    const FloatRows keys = keys_of(block_, segment, key, count, widened_);
    for (int k = 0; k < count; ++k) {
      weights[k] = block_.scale * dot(query_, keys.first + k * keys.step, block_.key_size);
    }
    if (block_.softcap > 0) {
      for (int k = 0; k < count; ++k) weights[k] = capped(weights[k], block_.softcap);
    }
    if (is_written_out(block_)) {
      for (int k = 0; k < count; ++k) {
        const bool seen = before + key + k < block_.visible[0].last;
        if (!seen) weights[k] = unseen(block_, weights[k]);
      }
    }
    if (has_mask(block_)) {
      float added[kBlock];
      read_mask(block_, 0, before + key, count, added);
      for (int k = 0; k < count; ++k) weights[k] = masked(block_, weights[k], added[k]);
    }
    weigh(weights, count);
    const FloatRows values = values_of(block_, segment, key, count, widened_);
    float block[kMaxHeadSize];
    for (int d = 0; d < block_.value_size; ++d) block[d] = 0;
    for (int k = 0; k < count; ++k) {
      // By the standard not even a NaN of a masked key counts.
      if (weights[k] == 0.0f && !is_written_out(block_)) continue;
      const float* value = values.first + k * values.step;
      for (int d = 0; d < block_.value_size; ++d) block[d] += weights[k] * value[d];
    }
    for (int d = 0; d < block_.value_size; ++d) sums_[d] += block[d];
  }

  void weigh(float* weights, int count) {
    float largest = largest_;
    for (int k = 0; k < count; ++k) largest = ops::Max{}(largest, weights[k]);
    const float base = largest == kMasked ? 0.0f : largest;
    const float shrink = ops::math::exp_of_negative(largest_ - base);
    largest_ = largest;
    for (int k = 0; k < count; ++k) weights[k] = ops::math::exp_of_negative(weights[k] - base);
    float total = 0;
    for (int k = 0; k < count; ++k) total += weights[k];
    total_ = total_ * shrink + total;
    for (int d = 0; d < block_.value_size; ++d) sums_[d] *= shrink;
  }

  const AttentionBlock& block_;
  const float* query_;
  float* y_;
  float largest_ = kMasked;
  float total_ = 0;
  alignas(64) float scaled_[kMaxHeadSize];  // the query
  alignas(64) float sums_[kMaxHeadSize];
  alignas(64) float widened_[kBlock * kMaxHeadSize];  // keys, then values
};

// The tile multiplies the values of masked keys with 0: where one of them is no number, its query
// is computed anew. An attention that was written out does want the product.
void attend_floats(const AttentionBlock& block) {
  Columns columns(block);
  columns.run();
  if (is_written_out(block)) return columns.find_unsettled();
  auto* y = static_cast<float*>(block.y);
  for (int q = 0; q < block.queries; ++q) {
    if (!has_nan(y + q * block.y_row, block.value_size)) continue;
    AttentionBlock one = block;
    one.queries = 1;
    one.query = static_cast<const float*>(block.query) + q * block.query_row;
    one.visible += q;
    if (one.mask != nullptr) one.mask = stored_at(block, one.mask, q * block.mask_query);
    if (one.float_mask != nullptr) one.float_mask += q * block.mask_query;
    if (one.bool_mask != nullptr) one.bool_mask += q * block.mask_query;
    one.y = y + q * block.y_row;
    OneQuery(one).run();
  }
}

// Queries and y as floats, too, while `run` sees the block.
template <int kQueries, typename Run>
void with_floats(const AttentionBlock& block, Run run) {
  if (block.widen == nullptr) return run(block);
  alignas(64) float queries[kQueries * kMaxHeadSize];
  alignas(64) float y[kQueries * kMaxHeadSize];
  AttentionBlock floats = block;
  const FloatRows rows(block, block.query, block.query_row, block.queries, block.key_size, queries);
  floats.query = rows.first;
  floats.query_row = rows.step;
  floats.y = y;
  floats.y_row = block.value_size;
  run(floats);
  for (int q = 0; q < block.queries; ++q) {
    char* to = static_cast<char*>(block.y) + bytes_to(block, q * block.y_row);
    block.narrow(y + q * floats.y_row, to, block.value_size);
  }
}

}  // namespace

void attend(const AttentionBlock& block) { with_floats<kWidth>(block, attend_floats); }

void attend_one(const AttentionBlock& block) {
  with_floats<1>(block, [](const AttentionBlock& floats) { OneQuery(floats).run(); });
}

}  // namespace mini_infer::cpu::MI_ISA
