#include "core/process.h"

#include <pthread.h>

#include <atomic>

namespace mini_infer::core {
namespace {

std::mutex g_mutex;
std::atomic<std::uint32_t> g_forks{0};

// The handlers allocate nothing: another thread may have held the allocator's locks.
void watch_forks() {
  static const int registered = pthread_atfork([] { g_mutex.lock(); }, [] { g_mutex.unlock(); },
                                               [] {
                                                 ++g_forks;
                                                 g_mutex.unlock();
                                               });
  static_cast<void>(registered);
}

}  // namespace

std::uint32_t process_number() {
  watch_forks();
  return g_forks.load(std::memory_order_relaxed);
}

std::mutex& fork_mutex() {
  watch_forks();
  return g_mutex;
}

}  // namespace mini_infer::core
