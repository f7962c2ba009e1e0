#include "runtime/context_call.h"

namespace mini_infer::runtime {

using core::Status;

ContextCall::ContextCall(std::atomic<bool>& in_use)
    : marked_(in_use.exchange(true, std::memory_order_acquire) ? nullptr : &in_use) {}

ContextCall::~ContextCall() {
  if (marked_ != nullptr) marked_->store(false, std::memory_order_release);
}

Status ContextCall::status() const {
  if (marked_ != nullptr) return Status::SUCCESS;
  return {
      Status::ERROR_BUSY,
      "another call on this context has not returned yet; make one call at a time, or give each "
      "thread a context of its own (Engine::create_context)"};
}

}  // namespace mini_infer::runtime
