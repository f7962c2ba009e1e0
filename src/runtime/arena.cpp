#include "runtime/arena.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/host_memory.h"

namespace mini_infer::runtime {
namespace {

// Smaller pools are not worth the time to ask what is free.
constexpr std::size_t kAskFirst = 1024 * 1024;

class HostAllocator final : public Allocator {
 public:
  explicit HostAllocator(std::filesystem::path root) : root_(std::move(root)) {}
  void* allocate(std::size_t bytes, std::size_t alignment) override {
    if (!core::fits_host(bytes, kAskFirst, root_)) return nullptr;
    void* memory = ::operator new(bytes, page_alignment(bytes, alignment), std::nothrow);
    if (memory != nullptr) core::prefer_large_pages(memory, bytes);
    return memory;
  }
  void deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    ::operator delete(memory, page_alignment(bytes, alignment));
  }

 private:
  static std::align_val_t page_alignment(std::size_t bytes, std::size_t alignment) {
    const bool large = bytes >= core::kFewestLargeBytes;
    return std::align_val_t{large ? std::max(alignment, core::kLargePage) : alignment};
  }

  std::filesystem::path root_;
};

}  // namespace

std::shared_ptr<Allocator> host_allocator() { return host_allocator("/"); }

std::shared_ptr<Allocator> host_allocator(const std::filesystem::path& root) {
  return std::make_shared<HostAllocator>(root);
}

core::Result<Arena> Arena::allocate(std::string_view pool, std::size_t bytes, std::size_t alignment,
                                    std::shared_ptr<Allocator> allocator,
                                    const ops::Device* device) {
  Arena arena;
  if (bytes == 0) return arena;
  void* memory = allocator->allocate(bytes, alignment);
  if (memory == nullptr) {
    const bool host = device == nullptr;
    const std::size_t free = host ? core::available_host_bytes() : device->free_bytes();
    return {core::Status::ERROR_OUT_OF_MEMORY, "pool '" + std::string(pool) + "': asked for " +
                                                   std::to_string(bytes) + " bytes, " +
                                                   std::string(host ? "the host" : device->name()) +
                                                   " has " + std::to_string(free) + " free"};
  }
  arena.data_ = static_cast<std::byte*>(memory);
  arena.bytes_ = bytes;
  arena.alignment_ = alignment;
  arena.allocator_ = std::move(allocator);
  return arena;
}

Arena Arena::borrow(std::byte* memory, std::size_t bytes) {
  Arena arena;
  arena.data_ = memory;
  arena.bytes_ = bytes;
  return arena;
}

Arena::Arena(Arena&& other) noexcept { *this = std::move(other); }

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(alignment_, other.alignment_);
  std::swap(allocator_, other.allocator_);
  return *this;
}

Arena::~Arena() {
  if (allocator_ != nullptr) allocator_->deallocate(data_, bytes_, alignment_);
}

}  // namespace mini_infer::runtime
