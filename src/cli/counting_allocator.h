#pragma once

#include <atomic>
#include <cstddef>
#include <new>

#include "mini_infer/runtime/allocator.h"

namespace mini_infer::cli {

// Aligned host memory that knows how much of it an engine has.
class CountingAllocator final : public runtime::Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) override {
    void* memory = ::operator new (bytes, std::align_val_t{alignment}, std::nothrow);
    if (memory == nullptr) return nullptr;
    held_bytes_ += bytes;
    ++allocations_;
    return memory;
  }

  void deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    held_bytes_ -= bytes;
    ::operator delete (memory, std::align_val_t{alignment});
  }

  std::size_t held_bytes() const { return held_bytes_; }
  int allocations() const { return allocations_; }

 private:
  std::atomic<std::size_t> held_bytes_{0};
  std::atomic<int> allocations_{0};
};

}  // namespace mini_infer::cli
