#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "mini_infer/runtime/allocator.h"

namespace mini_infer::cli {

// Another allocator, and how much of its memory an engine has.
class CountingAllocator final : public runtime::Allocator {
 public:
  explicit CountingAllocator(std::shared_ptr<runtime::Allocator> inner)
      : inner_(std::move(inner)) {}

  void* allocate(std::size_t bytes, std::size_t alignment) override {
    void* memory = inner_->allocate(bytes, alignment);
    if (memory == nullptr) return nullptr;
    held_bytes_ += bytes;
    ++allocations_;
    return memory;
  }

  void deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    held_bytes_ -= bytes;
    inner_->deallocate(memory, bytes, alignment);
  }

  std::size_t held_bytes() const { return held_bytes_; }
  int allocations() const { return allocations_; }

 private:
  std::shared_ptr<runtime::Allocator> inner_;
  std::atomic<std::size_t> held_bytes_{0};
  std::atomic<int> allocations_{0};
};

}  // namespace mini_infer::cli
