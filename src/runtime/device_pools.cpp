#include "runtime/device_pools.h"

namespace mini_infer::runtime {
namespace {

class DeviceAllocator final : public Allocator {
 public:
  explicit DeviceAllocator(ops::Device& device) : device_(device) {}
  void* allocate(std::size_t bytes, std::size_t) override { return device_.allocate(bytes); }
  void deallocate(void* memory, std::size_t, std::size_t) override { device_.deallocate(memory); }

 private:
  ops::Device& device_;
};

class StagingAllocator final : public Allocator {
 public:
  explicit StagingAllocator(ops::Device& device) : device_(device) {}
  void* allocate(std::size_t bytes, std::size_t) override {
    return device_.allocate_staging(bytes);
  }
  void deallocate(void* memory, std::size_t, std::size_t) override {
    device_.deallocate_staging(memory);
  }

 private:
  ops::Device& device_;
};

}  // namespace

std::shared_ptr<Allocator> device_allocator(ops::Device& device) {
  return std::make_shared<DeviceAllocator>(device);
}

std::shared_ptr<Allocator> staging_allocator(ops::Device& device) {
  return std::make_shared<StagingAllocator>(device);
}

}  // namespace mini_infer::runtime
