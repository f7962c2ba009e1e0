#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/function_ref.h"
#include "mini_infer/core/export.h"

namespace mini_infer::core {

class Workers;

// A share of some workers, with which the caller of run() does the pieces of a job.
//
//   ThreadPool pool = ThreadPool::share(4);
//   pool.run(100, [&](std::int64_t piece, int worker) { compute(piece, scratch[worker]); });
//
// Calls of several threads, and of several pools of the same workers, share them: each gets what is
// idle, up to its share. Each thread begins with the same pieces from job to job, so that it finds
// in its cache what it left there. run() allocates nothing. See workers.h.
class MINI_INFER_API ThreadPool {
 public:
  using Body = FunctionRef<void(std::int64_t piece, int worker)>;

  static constexpr int kMostThreads = 1024;

  // Has workers of its own. `threads` counts the caller: 1 makes no worker. The workers are bound
  // to `cpus`, in turn, when the list is not empty; the caller is left where it is. Throws
  // std::bad_alloc.
  explicit ThreadPool(int threads = 1, std::vector<int> cpus = {});
  // Of the workers that the process shares: there are as many as the largest share asks for.
  static ThreadPool share(int threads);

  // Threads that take part at most, the caller included: fewer than were asked for where the system
  // made no more.
  int size() const { return size_; }

  // Calls body(piece, worker) once for each piece in [0, pieces), in any order, with worker in
  // [0, min(size(), limit)), and no worker twice at a time; returns when all are done. Thread-safe.
  void run(std::int64_t pieces, Body body, int limit = kMostThreads);

  // A pool of the caller alone, for everybody.
  static ThreadPool& serial();

 private:
  ThreadPool(std::shared_ptr<Workers> workers, int threads);

  std::shared_ptr<Workers> workers_;  // null: the caller is alone
  int size_ = 1;
};

}  // namespace mini_infer::core
