#include "core/tensor_meter.h"

#include <utility>

namespace mini_infer::core {
namespace {

thread_local std::shared_ptr<TensorMeter::Count> innermost;

}  // namespace

void TensorMeter::Count::add(std::size_t bytes) {
  const std::size_t now = live += bytes;
  std::size_t most = peak;
  while (now > most && !peak.compare_exchange_weak(most, now)) {
  }
}

TensorMeter::TensorMeter()
    : count_(std::make_shared<Count>()), outer_(std::exchange(innermost, count_)) {}
TensorMeter::~TensorMeter() { innermost = std::move(outer_); }

std::shared_ptr<TensorMeter::Count> TensorMeter::current() { return innermost; }

}  // namespace mini_infer::core
