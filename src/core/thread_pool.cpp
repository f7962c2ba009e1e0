#include "core/thread_pool.h"

#include <algorithm>

#include "core/workers.h"

namespace mini_infer::core {

ThreadPool::ThreadPool(int threads, std::vector<int> cpus)
    : ThreadPool(threads > 1 ? std::make_shared<Workers>(std::move(cpus)) : nullptr, threads) {}

ThreadPool ThreadPool::share(int threads) {
  return {threads > 1 ? Workers::shared() : nullptr, threads};
}

ThreadPool::ThreadPool(std::shared_ptr<Workers> workers, int threads)
    : workers_(std::move(workers)) {
  if (workers_ != nullptr) size_ = std::min(threads, workers_->grow(threads - 1) + 1);
}

ThreadPool& ThreadPool::serial() {
  static ThreadPool pool;
  return pool;
}

void ThreadPool::run(std::int64_t pieces, Body body, int limit) {
  limit = std::min(limit, size_);
  if (limit > 1 && pieces > 1) return workers_->run(pieces, body, limit);
  for (std::int64_t piece = 0; piece < pieces; ++piece) body(piece, 0);
}

}  // namespace mini_infer::core
