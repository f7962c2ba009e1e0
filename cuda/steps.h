#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace mini_infer::cuda {

// Divides numbers below 2^31 by one that is known when a kernel is bound: a multiplication instead
// of a division. Of an axis without elements, 0, nothing is divided.
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(std::int64_t divisor)
      : divisor_(divisor == 0 ? 1 : static_cast<std::uint32_t>(divisor)) {
    while ((std::uint64_t{1} << shift_) < divisor_) ++shift_;
    const std::uint64_t above = (std::uint64_t{1} << shift_) - divisor_;
    factor_ = static_cast<std::uint32_t>((above << 32) / divisor_ + 1);
  }

  // Leaves the remainder in `number`.
  __device__ int quotient(int& number) const {
    const auto n = static_cast<std::uint32_t>(number);
    const auto high = static_cast<std::uint32_t>((std::uint64_t{n} * factor_) >> 32);
    const std::uint32_t quotient = (high + n) >> shift_;
    number = static_cast<int>(n - quotient * divisor_);
    return static_cast<int>(quotient);
  }

 private:
  std::uint32_t divisor_ = 1;
  std::uint32_t factor_ = 1;
  std::uint32_t shift_ = 0;
};

// Where things that are counted in a row lie: `inner` of them a step apart, and so on from the next
// outer step.
struct Steps {
  Divisor inner;
  std::int64_t outer_step = 0;
  std::int64_t inner_step = 0;

  static Steps by(std::int64_t step) { return {Divisor(), step, 0}; }
  static Steps by(std::int64_t inner, std::int64_t outer_step, std::int64_t inner_step) {
    return {Divisor(inner), outer_step, inner_step};
  }

  __device__ std::int64_t at(int index) const {
    const std::int64_t outer = inner.quotient(index) * outer_step;
    return outer + index * inner_step;
  }
};

}  // namespace mini_infer::cuda
