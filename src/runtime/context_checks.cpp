#include "runtime/context_checks.h"

#include "core/try.h"

namespace mini_infer::runtime {

using core::Status;

Status refuse(const std::string& message) { return {Status::ERROR_INVALID_ARGUMENT, message}; }

core::Result<std::size_t> find_tensor(const std::vector<TensorInfo>& tensors, std::string_view name,
                                      const char* kind) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name) return i;
  }
  std::string known;
  for (const TensorInfo& tensor : tensors)
    known += (known.empty() ? "'" : ", '") + tensor.name + "'";
  return refuse("there is no " + std::string(kind) + " '" + std::string(name) + "'; there are " +
                known);
}

Status check_index(const std::vector<TensorInfo>& tensors, std::size_t index, const char* kind) {
  if (index < tensors.size()) return Status::SUCCESS;
  return refuse("there is no " + std::string(kind) + " " + std::to_string(index) + "; there are " +
                std::to_string(tensors.size()));
}

Status check_idle(const ContextState& state) {
  MI_TRY(state.engine->check_process());
  if (!state.pending) return Status::SUCCESS;
  return {Status::ERROR_BUSY, "a run was enqueued; call synchronize() first"};
}

std::string describe(core::DataType type, const core::Shape& shape) {
  return core::type_name(type) + shape.to_string();
}

}  // namespace mini_infer::runtime
