#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "mini_infer/core/status.h"
#include "mini_infer/runtime/allocator.h"
#include "ops/device.h"

namespace mini_infer::runtime {

// host_allocator() where /proc and the control groups are those of a folder that a test has made.
std::shared_ptr<Allocator> host_allocator(const std::filesystem::path& root);

// One pool materialised: one allocation, given back when the Arena goes. Or a view of the caller's
// memory, which is left alone.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  ~Arena();

  // ERROR_OUT_OF_MEMORY names the pool, the bytes asked and the bytes that the device, or the host,
  // has free.
  static core::Result<Arena> allocate(std::string_view pool, std::size_t bytes,
                                      std::size_t alignment, std::shared_ptr<Allocator> allocator,
                                      const ops::Device* device = nullptr);
  static Arena borrow(std::byte* memory, std::size_t bytes);

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t alignment_ = 0;
  std::shared_ptr<Allocator> allocator_;  // null: borrowed
};

}  // namespace mini_infer::runtime
