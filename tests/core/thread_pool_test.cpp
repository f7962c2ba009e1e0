#include "core/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

namespace mini_infer::test {
namespace {

using core::ThreadPool;

// How often each piece was done.
std::vector<int> counts_of(ThreadPool& pool, std::int64_t pieces, int limit) {
  std::vector<std::atomic<int>> counts(static_cast<std::size_t>(pieces));
  pool.run(
      pieces, [&](std::int64_t piece, int) { ++counts[static_cast<std::size_t>(piece)]; }, limit);
  return {counts.begin(), counts.end()};
}

TEST(ThreadPool, EveryPieceIsDoneOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (std::int64_t pieces : {0, 1, 2, 7, 1000}) {
      EXPECT_EQ(counts_of(pool, pieces, threads), std::vector<int>(pieces, 1));
    }
  }
}

TEST(ThreadPool, WorkersAreNumberedBelowTheLimit) {
  ThreadPool pool(4);
  for (int limit : {1, 2, 3, 4, 100}) {
    std::atomic<int> highest{0};
    for (int job = 0; job < 50; ++job) {
      pool.run(
          64,
          [&](std::int64_t, int worker) {
            int seen = highest;
            while (seen < worker && !highest.compare_exchange_weak(seen, worker)) {
            }
          },
          limit);
    }
    EXPECT_LT(highest, std::min(limit, 4));
  }
}

TEST(ThreadPool, NoTwoPiecesShareAWorkerAtOnce) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> inside(4);
  std::atomic<bool> shared{false};
  for (int job = 0; job < 100; ++job) {
    pool.run(32, [&](std::int64_t, int worker) {
      auto& at = inside[static_cast<std::size_t>(worker)];
      if (at.fetch_add(1) != 0) shared = true;
      std::this_thread::yield();
      at.fetch_sub(1);
    });
  }
  EXPECT_FALSE(shared);
}

// What a job writes is there when run() returns, job after job, with sleeps between some of them.
TEST(ThreadPool, ThousandsOfJobsOneAfterTheOther) {
  ThreadPool pool(3);
  std::vector<std::int64_t> values(16);
  std::int64_t expected = 0;
  for (int job = 0; job < 5000; ++job) {
    pool.run(16,
             [&](std::int64_t piece, int) { values[static_cast<std::size_t>(piece)] += piece; });
    expected += 120;
    ASSERT_EQ(std::accumulate(values.begin(), values.end(), std::int64_t{0}), expected);
    if (job % 1000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(ThreadPool, SeveralCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int job = 0; job < 300; ++job) {
        if (counts_of(pool, 20, 3) != std::vector<int>(20, 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadPool, APoolMayBeBoundToProcessors) {
  ThreadPool pool(3, {0});
  EXPECT_EQ(counts_of(pool, 100, 3), std::vector<int>(100, 1));
}

}  // namespace
}  // namespace mini_infer::test
