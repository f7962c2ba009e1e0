#include "runtime/engine_state.h"

namespace mini_infer::runtime {

EngineState::~EngineState() {
  if (backend != nullptr && !check_process().ok()) static_cast<void>(backend.release());
}

core::Status EngineState::check_process() const {
  const ops::Device* device = backend->device();
  if (device == nullptr || process_ == core::process_number()) return core::Status::SUCCESS;
  return {core::Status::ERROR_UNSUPPORTED,
          "this engine was built on " + std::string(device->name()) +
              ", in the process that this one was forked from; a device does not outlive a fork. "
              "Fork before a process uses a device, and build the engine in the child"};
}

}  // namespace mini_infer::runtime
