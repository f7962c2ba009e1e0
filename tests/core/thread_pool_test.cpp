#include "core/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "mini_infer/core/log.h"

namespace mini_infer::test {
namespace {

using core::ThreadPool;
using ::testing::HasSubstr;

std::size_t threads_of_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

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

// A caller that finds the workers in another's job gets them as soon as they have nothing to do
// there, while that job goes on.
TEST(ThreadPool, WorkersThatOneJobNeedsNoMoreHelpWithAnother) {
  ThreadPool pool(4);
  std::atomic<bool> over{false};
  std::atomic<int> held{0};
  std::thread other([&] {  // two pieces: its caller and one worker are held, two workers are not
    pool.run(2, [&](std::int64_t, int) {
      ++held;
      while (!over) std::this_thread::yield();
    });
  });
  while (held < 2) std::this_thread::yield();
  std::atomic<int> inside{0};
  pool.run(3, [&](std::int64_t, int) {  // ends only when three threads are in it at once
    ++inside;
    while (inside < 3) std::this_thread::yield();
  });
  over = true;
  other.join();
}

TEST(ThreadPool, SharesOfTheProcessHaveTheSameWorkers) {
  const ThreadPool small = ThreadPool::share(2);
  const std::size_t threads = threads_of_process();
  std::vector<ThreadPool> pools;
  for (int i = 0; i < 20; ++i) pools.push_back(ThreadPool::share(5));
  EXPECT_LE(threads_of_process(), threads + 3) << "as many as the largest share wants";
  EXPECT_EQ(small.size(), 2);
  for (ThreadPool& pool : pools) {
    EXPECT_EQ(pool.size(), 5);
    EXPECT_EQ(counts_of(pool, 100, 5), std::vector<int>(100, 1));
  }
}

TEST(ThreadPool, AShareMayGrowWhileAnotherIsAtWork) {
  ThreadPool small = ThreadPool::share(2);
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::thread caller([&] {
    while (!over) {
      if (counts_of(small, 20, 2) != std::vector<int>(20, 1)) ++wrong;
    }
  });
  std::vector<ThreadPool> larger;
  for (int threads = 3; threads < 12; ++threads) {
    larger.push_back(ThreadPool::share(threads));
    EXPECT_EQ(counts_of(larger.back(), 50, threads), std::vector<int>(50, 1));
  }
  over = true;
  caller.join();
  EXPECT_EQ(wrong, 0);
}

// More callers than get help.
TEST(ThreadPool, FiftyCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> waiting{50};
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 50; ++caller) {
    callers.emplace_back([&] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      for (int job = 0; job < 20; ++job) {
        if (counts_of(pool, 20, 3) != std::vector<int>(20, 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

// Each thread finds the pieces that it had the time before.
TEST(ThreadPool, PiecesStayWithTheirThread) {
  ThreadPool pool(4);
  std::vector<std::thread::id> first(4), now(4);
  const auto meet = [&](std::vector<std::thread::id>& who) {
    std::atomic<int> inside{0};
    pool.run(4, [&](std::int64_t piece, int worker) {
      EXPECT_EQ(piece, worker);
      who[static_cast<std::size_t>(piece)] = std::this_thread::get_id();
      ++inside;
      while (inside < 4) std::this_thread::yield();  // so that nobody does two
    });
  };
  meet(first);
  for (int job = 0; job < 100; ++job) {
    meet(now);
    ASSERT_EQ(now, first);
  }
}

// What makes a new thread fail: more stack than there are addresses.
class NoMoreThreads {
 public:
  NoMoreThreads() {
    pthread_getattr_default_np(&usual_);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t{1} << 48);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
  }
  ~NoMoreThreads() {
    pthread_setattr_default_np(&usual_);
    pthread_attr_destroy(&usual_);
  }

 private:
  pthread_attr_t usual_;
};

TEST(ThreadPool, GoesOnWithTheThreadsThatTheSystemMakes) {
  std::vector<std::string> lines;
  core::set_log_callback([&](core::LogLevel, std::string_view line) { lines.emplace_back(line); });
  {
    ThreadPool three = ThreadPool::share(3);
    const NoMoreThreads scarce;
    ThreadPool six = ThreadPool::share(6);
    ThreadPool alone(4);
    EXPECT_EQ(six.size(), 3) << "with the workers that there were";
    EXPECT_EQ(alone.size(), 1);
    EXPECT_EQ(counts_of(six, 100, 6), std::vector<int>(100, 1));
    EXPECT_EQ(counts_of(alone, 100, 4), std::vector<int>(100, 1));
  }
  ThreadPool later = ThreadPool::share(6);
  EXPECT_EQ(later.size(), 6) << "when the system has room again";
  core::set_log_callback({});
  ASSERT_EQ(lines.size(), 1u) << "one warning for the process";
  EXPECT_THAT(lines[0], HasSubstr("expected 5 threads beside the caller, the system made 2"));
}

// What a child of this process finds; its exit status is 0 if `check` says yes.
template <typename Check>
int status_of_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(ThreadPool, AForkedChildMakesThreadsOfItsOwn) {
  for (bool shared : {false, true}) {
    auto pool = std::make_unique<ThreadPool>(shared ? ThreadPool::share(3) : ThreadPool(3));
    counts_of(*pool, 20, 3);
    const auto works = [&] {
      return counts_of(*pool, 20, 3) == std::vector<int>(20, 1) && threads_of_process() == 3;
    };
    EXPECT_EQ(status_of_child(works), 0);
    EXPECT_EQ(status_of_child([&] {
                ThreadPool other = ThreadPool::share(3);
                return counts_of(other, 20, 3) == std::vector<int>(20, 1);
              }),
              0);
    EXPECT_EQ(status_of_child([&] { return status_of_child(works) == 0; }), 0) << "a grandchild";
    EXPECT_EQ(counts_of(*pool, 20, 3), std::vector<int>(20, 1)) << "the parent goes on";
  }
}

TEST(ThreadPool, AForkedChildMayLetThePoolGo) {
  for (bool shared : {false, true}) {
    auto pool = std::make_unique<ThreadPool>(shared ? ThreadPool::share(3) : ThreadPool(3));
    const auto let_go = [&] {
      pool.reset();
      return true;
    };
    EXPECT_EQ(status_of_child(let_go), 0);
    EXPECT_EQ(status_of_child([&] {
                counts_of(*pool, 20, 3);
                return let_go();
              }),
              0)
        << "after a run";
  }
}

// Other threads are in the middle of something, which the child never ends.
TEST(ThreadPool, AForkWhileTheWorkersAreBusy) {
  ThreadPool pool = ThreadPool::share(3);
  std::atomic<bool> over{false};
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      while (!over) {
        counts_of(pool, 20, 3);
        ThreadPool::share(3);
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(status_of_child([&] {
                std::atomic<int> done{0};
                pool.run(20, [&](std::int64_t, int) { ++done; });
                return done == 20;
              }),
              0);
  }
  over = true;
  for (std::thread& caller : callers) caller.join();
}

TEST(ThreadPool, APoolMayBeBoundToProcessors) {
  ThreadPool pool(3, {0});
  EXPECT_EQ(counts_of(pool, 100, 3), std::vector<int>(100, 1));
}

}  // namespace
}  // namespace mini_infer::test
