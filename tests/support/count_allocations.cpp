#include "support/count_allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> g_allocations{0};
std::atomic<std::size_t> g_live{0};
std::atomic<std::size_t> g_peak{0};

void note_allocated(std::size_t bytes) {
  const std::size_t now = g_live += bytes;
  std::size_t most = g_peak;
  while (now > most && !g_peak.compare_exchange_weak(most, now)) {
  }
}

void* count_and_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  ++g_allocations;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  note_allocated(malloc_usable_size(memory));
  return memory;
}

void count_and_free(void* memory) noexcept {
  g_live -= malloc_usable_size(memory);
  std::free(memory);
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kDefault = alignof(std::max_align_t);

}  // namespace

// Every form: a sanitizer brings those we leave out, and they do not mix with ours.
void* operator new(std::size_t bytes) { return or_throw(count_and_allocate(bytes, kDefault)); }
void* operator new[](std::size_t bytes) { return or_throw(count_and_allocate(bytes, kDefault)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return count_and_allocate(bytes, kDefault);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return count_and_allocate(bytes, kDefault);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return or_throw(count_and_allocate(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return count_and_allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { count_and_free(memory); }
void operator delete[](void* memory) noexcept { count_and_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { count_and_free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { count_and_free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { count_and_free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { count_and_free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { count_and_free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  count_and_free(memory);
}

namespace mini_infer::test {

std::size_t allocations() { return g_allocations; }

std::size_t start_of_peak() {
  g_peak = g_live.load();
  return g_live;
}

std::size_t peak_bytes() { return g_peak; }

}  // namespace mini_infer::test
