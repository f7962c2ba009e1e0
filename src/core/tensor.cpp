#include "mini_infer/core/tensor.h"

#include <sys/mman.h>

#include <cassert>
#include <cstdint>
#include <cstring>
#include <new>

#include "core/host_memory.h"
#include "core/tensor_meter.h"

namespace mini_infer::core {
namespace {

constexpr std::align_val_t kAlignment{64};

// From here on a buffer gets pages of its own: they come zeroed, and go back to the system at once
// when it is freed, so that a pass which rewrites all weights leaves nothing behind.
constexpr std::size_t kOwnPages = 256 * 1024;

// From here on the system is asked whether it has so much.
constexpr std::size_t kAskFirst = 64 * 1024 * 1024;

std::shared_ptr<std::byte> map_pages(std::size_t bytes) {
  if (!fits_host(bytes, kAskFirst)) return nullptr;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  prefer_large_pages(memory, bytes);
  return {static_cast<std::byte*>(memory), [bytes](std::byte* data) { munmap(data, bytes); }};
}

std::shared_ptr<std::byte> allocate_small(std::size_t bytes) {
  void* memory = ::operator new(bytes, kAlignment, std::nothrow);
  if (memory == nullptr) return nullptr;
  std::memset(memory, 0, bytes);
  return {static_cast<std::byte*>(memory),
          [](std::byte* data) { ::operator delete(data, kAlignment); }};
}

// The same memory; the count is told when it is freed.
std::shared_ptr<std::byte> counted(std::shared_ptr<std::byte> memory, std::size_t bytes,
                                   std::shared_ptr<TensorMeter::Count> count) {
  count->add(bytes);
  std::byte* data = memory.get();
  return {data, [memory = std::move(memory), bytes, count = std::move(count)](std::byte*) mutable {
            memory.reset();
            count->subtract(bytes);
          }};
}

std::shared_ptr<std::byte> allocate_zeroed(std::size_t bytes) {
  auto memory = bytes >= kOwnPages ? map_pages(bytes) : allocate_small(bytes);
  auto count = TensorMeter::current();
  if (memory == nullptr || count == nullptr) return memory;
  return counted(std::move(memory), bytes, std::move(count));
}

}  // namespace

Tensor Tensor::view(DataType type, Shape shape, std::span<const std::byte> bytes,
                    std::shared_ptr<const void> owner) {
  assert(checked_bytes(type, shape) == bytes.size());
  Tensor tensor;
  tensor.type_ = type;
  tensor.shape_ = std::move(shape);
  tensor.bytes_ = bytes;
  tensor.owner_ = std::move(owner);
  return tensor;
}

Result<Tensor> Tensor::allocate(DataType type, Shape shape) {
  const auto bytes = checked_bytes(type, shape);
  if (!bytes) {
    return {Status::ERROR_INVALID_ARGUMENT, std::string("a ") + type_name(type) +
                                                shape.to_string() + " tensor has no size in bytes"};
  }
  auto memory = allocate_zeroed(*bytes);
  if (memory == nullptr) {
    return {Status::ERROR_OUT_OF_MEMORY, std::string("a tensor ") + type_name(type) +
                                             shape.to_string() + " of " + std::to_string(*bytes) +
                                             " bytes; the host has " +
                                             std::to_string(available_host_bytes()) + " free"};
  }
  std::span<const std::byte> view_of{memory.get(), *bytes};
  return view(type, std::move(shape), view_of, std::move(memory));
}

Tensor Tensor::copy_of(DataType type, Shape shape, std::span<const std::byte> bytes) {
  auto memory = allocate_zeroed(bytes.size());
  if (memory == nullptr) throw std::bad_alloc();
  if (!bytes.empty()) std::memcpy(memory.get(), bytes.data(), bytes.size());
  std::span<const std::byte> view_of{memory.get(), bytes.size()};
  return view(type, std::move(shape), view_of, std::move(memory));
}

std::span<std::byte> Tensor::mutable_bytes() {
  return {const_cast<std::byte*>(bytes_.data()), bytes_.size()};
}

Tensor Tensor::aligned() const {
  constexpr std::uintptr_t kWidestElement = 16;
  if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % kWidestElement == 0) return *this;
  return copy_of(type_, shape_, bytes_);
}

Tensor Tensor::reshaped(Shape shape) const {
  assert(shape.elements() == shape_.elements());
  Tensor tensor = *this;
  tensor.shape_ = std::move(shape);
  return tensor;
}

}  // namespace mini_infer::core
