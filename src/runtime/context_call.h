#pragma once

#include <atomic>

#include "mini_infer/core/status.h"

namespace mini_infer::runtime {

// Marks a context as in use by one call for as long as the object lives. Never waits: where another
// call has not returned yet, status() is ERROR_BUSY and nothing is marked.
//   const ContextCall call(state.in_use);
//   MI_TRY(call.status());
class ContextCall {
 public:
  explicit ContextCall(std::atomic<bool>& in_use);
  ~ContextCall();
  ContextCall(const ContextCall&) = delete;
  ContextCall& operator=(const ContextCall&) = delete;

  [[nodiscard]] core::Status status() const;

 private:
  std::atomic<bool>* marked_;  // null: another call has it
};

}  // namespace mini_infer::runtime
