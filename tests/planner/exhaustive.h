#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mini_infer/planner/problem.h"

// The least height by trying everything. Shares nothing with the planners.
namespace mini_infer::planner {

class Exhaustive {
 public:
  explicit Exhaustive(const Problem& problem) : buffers_(problem.buffers) {
    std::sort(buffers_.begin(), buffers_.end(),
              [](const Buffer& a, const Buffer& b) { return a.first < b.first; });
    offsets_.resize(buffers_.size());
  }

  // Every buffer at every offset.
  bool fits(std::int64_t capacity, std::size_t next = 0) {
    if (next == buffers_.size()) return true;
    const Buffer& buffer = buffers_[next];
    for (std::int64_t& at = offsets_[next] = 0; at + bytes(buffer) <= capacity;
         at += buffer.alignment) {
      if (is_free(next) && fits(capacity, next + 1)) return true;
      if (buffer.size == 0) return false;
    }
    return false;
  }

 private:
  static std::int64_t bytes(const Buffer& buffer) {
    return (buffer.size + buffer.alignment - 1) / buffer.alignment * buffer.alignment;
  }

  bool is_free(std::size_t next) const {
    const Buffer& buffer = buffers_[next];
    if (buffer.size == 0) return true;
    for (std::size_t i = 0; i < next; ++i) {
      const bool meet = buffers_[i].last >= buffer.first && buffers_[i].size > 0 &&
                        offsets_[next] < offsets_[i] + bytes(buffers_[i]) &&
                        offsets_[i] < offsets_[next] + bytes(buffer);
      if (meet) return false;
    }
    return true;
  }

  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> offsets_;
};

inline std::int64_t exhaustive_optimum(const Problem& problem) {
  Exhaustive exhaustive(problem);
  std::int64_t height = 0;
  while (!exhaustive.fits(height)) ++height;
  return height;
}

}  // namespace mini_infer::planner
