#pragma once

#include <cstddef>
#include <vector>

#include "runtime/context_state.h"

namespace mini_infer::runtime {

// All memory that a context uses: by graph input, then by graph output, both empty until they are
// bound, then the pools. The names are the engine's.
std::vector<AddressRange> memory_in_use(const ContextState& state);

// Tensors that are bound together: all of them, or none. Allocates nothing.
//   Rebinding change(state);
//   MI_TRY(change.input(0, memory, bytes));
//   MI_TRY(change.apply());
class Rebinding {
 public:
  explicit Rebinding(ContextState& state);
  [[nodiscard]] core::Status input(std::size_t index, const void* memory, std::size_t bytes);
  [[nodiscard]] core::Status output(std::size_t index, void* memory, std::size_t bytes);
  // Checks what was proposed against all memory in use, and binds it if nothing overlaps.
  [[nodiscard]] core::Status apply();

 private:
  [[nodiscard]] core::Status propose(std::size_t slot, const TensorInfo& info, const void* memory,
                                     std::size_t bytes);

  ContextState& state_;
};

}  // namespace mini_infer::runtime
