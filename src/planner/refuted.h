#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/mix.h"

namespace mini_infer::planner {

// What stands for a state of a search: 128 bits. That two states meet is possible, and less likely
// than a wrong bit of memory.
class Fingerprint {
 public:
  explicit Fingerprint(std::int64_t capacity) { add(-1, capacity); }

  // In any order.
  void add(std::int64_t item, std::int64_t low) {
    const std::uint64_t x = core::mix(static_cast<std::uint64_t>(item) + 0x9e3779b97f4a7c15ULL) +
                            static_cast<std::uint64_t>(low) * 0xd6e8feb86659fd93ULL;
    const std::uint64_t h = core::mix(x);
    a += h;
    b += (h ^ (h >> 32)) * 0xa0761d6478bd642fULL;
  }
  bool operator==(const Fingerprint&) const = default;

  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

// States found to lead nowhere. Forgets old ones when it is full.
class Refuted {
 public:
  explicit Refuted(std::size_t states)
      : mask_(std::bit_ceil(states) - 1),
        slots_(static_cast<Fingerprint*>(std::calloc(mask_ + 1, sizeof(Fingerprint)))) {
    if (slots_ == nullptr) throw std::bad_alloc();
  }

  bool contains(const Fingerprint& state) const { return slots_[state.a & mask_] == state; }
  void add(const Fingerprint& state) { slots_[state.a & mask_] = state; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  std::size_t mask_;
  // Zeros from the start, so that a short search touches only what it uses of a large table.
  std::unique_ptr<Fingerprint[], Free> slots_;
};

}  // namespace mini_infer::planner
