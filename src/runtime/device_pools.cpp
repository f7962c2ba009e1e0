#include "runtime/device_pools.h"

#include "core/process.h"
#include "core/try.h"
#include "mini_infer/runtime/devices.h"
#include "runtime/cuda_library.h"

namespace mini_infer::runtime {
namespace {

class DeviceAllocator final : public Allocator {
 public:
  explicit DeviceAllocator(ops::Device& device) : device_(device) {}
  void* allocate(std::size_t bytes, std::size_t) override { return device_.allocate(bytes); }
  void deallocate(void* memory, std::size_t, std::size_t) override {
    if (process_ == core::process_number()) device_.deallocate(memory);
  }

 private:
  ops::Device& device_;
  std::uint32_t process_ = core::process_number();  // a forked child has nothing to give back
};

// For those who have no engine yet.
class OwningAllocator final : public Allocator {
 public:
  explicit OwningAllocator(std::unique_ptr<ops::Backend> backend)
      : backend_(std::move(backend)), allocator_(*backend_->device()) {}
  ~OwningAllocator() override {
    if (process_ != core::process_number()) static_cast<void>(backend_.release());
  }
  void* allocate(std::size_t bytes, std::size_t alignment) override {
    return allocator_.allocate(bytes, alignment);
  }
  void deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    allocator_.deallocate(memory, bytes, alignment);
  }

 private:
  std::unique_ptr<ops::Backend> backend_;
  DeviceAllocator allocator_;
  std::uint32_t process_ = core::process_number();
};

class StagingAllocator final : public Allocator {
 public:
  explicit StagingAllocator(ops::Device& device) : device_(device) {}
  void* allocate(std::size_t bytes, std::size_t) override {
    return device_.allocate_staging(bytes);
  }
  void deallocate(void* memory, std::size_t, std::size_t) override {
    if (process_ == core::process_number()) device_.deallocate_staging(memory);
  }

 private:
  ops::Device& device_;
  std::uint32_t process_ = core::process_number();
};

// For its memory and name only.
core::Result<std::unique_ptr<ops::Backend>> open_bare_backend(int index) {
  return open_cuda_backend({.device = index, .libraries = false, .tf32 = false, .tune = false});
}

}  // namespace

std::shared_ptr<Allocator> device_allocator(ops::Device& device) {
  return std::make_shared<DeviceAllocator>(device);
}

core::Result<std::shared_ptr<Allocator>> device_allocator(core::Device device, int index) {
  if (device == core::Device::kCpu) return host_allocator();
  MI_ASSIGN(std::unique_ptr<ops::Backend> backend, open_bare_backend(index));
  return std::shared_ptr<Allocator>(std::make_shared<OwningAllocator>(std::move(backend)));
}

core::Result<std::string> device_name(core::Device device, int index) {
  if (device == core::Device::kCpu) return std::string("cpu");
  MI_ASSIGN(const std::unique_ptr<ops::Backend> backend, open_bare_backend(index));
  return std::string(backend->device()->name());
}

core::Result<std::string> device_properties(int index) { return cuda_device_properties(index); }

std::shared_ptr<Allocator> staging_allocator(ops::Device& device) {
  return std::make_shared<StagingAllocator>(device);
}

}  // namespace mini_infer::runtime
