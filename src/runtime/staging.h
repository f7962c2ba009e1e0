#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mini_infer/core/status.h"
#include "runtime/arena.h"
#include "runtime/engine_state.h"

namespace mini_infer::runtime {

// The pool that a device copies staged inputs from and staged outputs to, where its kernels report
// data that break an operator's contract, and where tensors lie while the CPU computes a step in
// its stead. One per context.
class Staging {
 public:
  [[nodiscard]] static core::Result<Staging> create(const EngineState& engine);
  // The bytes that create() takes.
  static std::size_t bytes_for(const EngineState& engine);

  // Empty where the tensor is not staged.
  std::span<std::byte> input(std::size_t index) const { return slot(inputs_[index]); }
  std::span<std::byte> output(std::size_t index) const { return slot(outputs_[index]); }
  std::uint32_t* fault() const { return reinterpret_cast<std::uint32_t*>(pool_.data()); }
  std::byte* fallback() const { return pool_.data() + fallback_; }
  std::span<const std::byte> pool() const { return {pool_.data(), pool_.size()}; }

 private:
  struct Slot {
    std::size_t offset = 0, bytes = 0;
  };
  // Places all but the pool, and returns its size.
  std::size_t lay_out(const EngineState& engine);
  std::span<std::byte> slot(const Slot& at) const { return {pool_.data() + at.offset, at.bytes}; }

  Arena pool_;
  std::vector<Slot> inputs_, outputs_;
  std::size_t fallback_ = 0;
};

}  // namespace mini_infer::runtime
