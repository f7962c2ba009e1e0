#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/context_state.h"

// What several calls on a context check before they do anything.
namespace mini_infer::runtime {

// ERROR_INVALID_ARGUMENT.
[[nodiscard]] core::Status refuse(const std::string& message);

// The index of the tensor of that name; an error lists the names. `kind`: "input" or "output".
[[nodiscard]] core::Result<std::size_t> find_tensor(const std::vector<TensorInfo>& tensors,
                                                    std::string_view name, const char* kind);
[[nodiscard]] core::Status check_index(const std::vector<TensorInfo>& tensors, std::size_t index,
                                       const char* kind);

// ERROR_BUSY while a run is enqueued: what is on its way to a device, or used there, must be left
// alone. ERROR_UNSUPPORTED where the device is that of the process this one was forked from.
[[nodiscard]] core::Status check_idle(const ContextState& state);

// "float32[1,4]"
std::string describe(core::DataType type, const core::Shape& shape);

}  // namespace mini_infer::runtime
