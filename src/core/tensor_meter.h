#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "mini_infer/core/export.h"

namespace mini_infer::core {

// Counts the bytes of the tensors that this thread allocates while the meter lives, until they are
// freed, wherever that is. Meters nest: the innermost one counts.
class MINI_INFER_API TensorMeter {
 public:
  // Told of each allocation by whoever makes it. Thread-safe.
  struct Count {
    std::atomic<std::size_t> live{0};
    std::atomic<std::size_t> peak{0};

    void add(std::size_t bytes);
    void subtract(std::size_t bytes) { live -= bytes; }
  };

  TensorMeter();
  ~TensorMeter();
  TensorMeter(const TensorMeter&) = delete;
  TensorMeter& operator=(const TensorMeter&) = delete;

  std::size_t live_bytes() const { return count_->live; }
  std::size_t peak_bytes() const { return count_->peak; }  // the most that were live at once

  // Of the innermost meter of this thread; null where none lives.
  static std::shared_ptr<Count> current();

 private:
  std::shared_ptr<Count> count_;
  std::shared_ptr<Count> outer_;
};

}  // namespace mini_infer::core
