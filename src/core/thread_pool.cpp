#include "core/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>

namespace mini_infer::core {
namespace {

// Fields of the state: workers inside now, workers that ever entered this job, whether one may.
constexpr std::uint64_t kInside = 1;
constexpr std::uint64_t kInsideMask = 0x7fff;
constexpr std::uint64_t kEntered = 1 << 15;
constexpr std::uint64_t kEnteredMask = 0x7fff;
constexpr std::uint64_t kOpen = 1 << 30;

// Sleeping at once costs 1.2 to 2.2 times the latency of a network of short steps; spinning for
// ever takes the processor from others.
constexpr std::chrono::microseconds kSpin{80};
constexpr int kPausesPerLook = 64;

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Pauses until `ready` or the time is over; whether it is ready.
template <typename Ready>
bool spin(Ready ready) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (ready()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

void bind_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

}  // namespace

ThreadPool::ThreadPool(int threads, std::vector<int> cpus)
    : ranges_(static_cast<std::size_t>(std::max(1, threads))) {
  for (int i = 0; i + 1 < threads; ++i) {
    const int cpu = cpus.empty() ? -1 : cpus[static_cast<std::size_t>(i) % cpus.size()];
    workers_.emplace_back([this, i, cpu] { work(i + 1, cpu); });
  }
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  ++signal_;
  signal_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

int ThreadPool::available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

ThreadPool& ThreadPool::serial() {
  static ThreadPool pool;
  return pool;
}

void ThreadPool::run(std::int64_t pieces, Body body, int limit) {
  limit = std::min(limit, size());
  if (limit <= 1 || pieces <= 1 || busy_.exchange(true, std::memory_order_acquire)) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) body(piece, 0);
    return;
  }
  body_ = &body;
  limit_ = limit;
  for (int i = 0; i < limit; ++i) {
    Range& range = ranges_[static_cast<std::size_t>(i)];
    range.next.store(pieces * i / limit, std::memory_order_relaxed);
    range.end = pieces * (i + 1) / limit;
  }
  state_.store(kOpen);
  ++signal_;
  signal_.notify_all();
  claim_pieces(0, 0);
  close();
  busy_.store(false, std::memory_order_release);
}

void ThreadPool::claim_pieces(int thread, int worker) {
  for (int i = 0; i < limit_; ++i) {
    Range& range = ranges_[static_cast<std::size_t>((thread + i) % limit_)];
    while (range.next.load(std::memory_order_relaxed) < range.end) {
      const std::int64_t piece = range.next.fetch_add(1, std::memory_order_relaxed);
      if (piece < range.end) (*body_)(piece, worker);
    }
  }
}

// Waits for those inside, never for those who have not come.
void ThreadPool::close() {
  state_.fetch_and(~kOpen);
  const auto empty = [this] { return (state_.load() & kInsideMask) == 0; };
  while (!spin(empty)) sched_yield();
}

// Enters the job, if it is still the one seen and has room.
void ThreadPool::help(int thread, std::uint64_t state) {
  while ((state & kOpen) != 0) {
    const int worker = static_cast<int>((state / kEntered) & kEnteredMask) + 1;
    if (!state_.compare_exchange_weak(state, state + kInside + kEntered)) continue;
    if (worker < limit_) claim_pieces(thread, worker);
    state_.fetch_sub(kInside);
    return;
  }
}

void ThreadPool::work(int thread, int cpu) {
  if (cpu >= 0) bind_to(cpu);
  std::uint32_t seen = 0;
  while (!stop_) {
    if (!spin([&] { return signal_.load() != seen; })) signal_.wait(seen);
    seen = signal_.load();
    help(thread, state_.load());
  }
}

}  // namespace mini_infer::core
