#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/function_ref.h"
#include "mini_infer/core/export.h"

namespace mini_infer::core {

// A few threads that share out the pieces of one job at a time. The caller takes part. Each thread
// begins with its own share of the pieces, the same from job to job, so that it finds in its cache
// what it left there; then it helps with the other ones'. Pieces are claimed one by one, so a
// thread that the system holds back holds up nothing but its own piece. Workers wait for the next
// job in a short spin, then sleep. run() allocates nothing.
class MINI_INFER_API ThreadPool {
 public:
  using Body = FunctionRef<void(std::int64_t piece, int worker)>;

  // `threads` counts the caller: 1 makes no thread. The workers are bound to `cpus`, in turn, when
  // the list is not empty; the caller is left where it is.
  explicit ThreadPool(int threads = 1, std::vector<int> cpus = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  static constexpr int kProcessors = 1024;  // that `cpus` can name, from 0 on

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(piece, worker) once for each piece in [0, pieces), in any order, with worker in
  // [0, min(size(), limit)); returns when all are done. Callable from several threads at once: one
  // of them has the workers, the others do their pieces themselves.
  void run(std::int64_t pieces, Body body, int limit = 1 << 14);

  // The processors this thread may use.
  static int available_processors();
  // A pool of the caller alone, for everybody.
  static ThreadPool& serial();

 private:
  // Pieces [next, end) that nobody has claimed.
  struct alignas(64) Range {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };

  void work(int thread, int cpu);
  void help(int thread, std::uint64_t state);
  void claim_pieces(int thread, int worker);
  void close();

  std::vector<std::thread> workers_;
  std::atomic<bool> busy_{false};

  // The job. Written by run() while no worker is in it.
  const Body* body_ = nullptr;
  std::vector<Range> ranges_;  // by thread
  int limit_ = 0;

  // Who is in the job: see the fields in the source. One word, so that a worker enters an open job
  // or none.
  alignas(64) std::atomic<std::uint64_t> state_{0};
  alignas(64) std::atomic<std::uint32_t> signal_{0};  // counts jobs; what sleepers wait on
  std::atomic<bool> stop_{false};
};

}  // namespace mini_infer::core
