#include "core/thread_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>

#include "support/temp_system.h"

namespace mini_infer::test {
namespace {

using core::default_thread_count;
using ::testing::HasSubstr;

class ThreadCount : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("MINI_INFER_THREADS"); }
  void TearDown() override { unsetenv("MINI_INFER_THREADS"); }

  TempSystem system_;
};

int affine() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  return CPU_COUNT(&set);
}

TEST_F(ThreadCount, IsTheProcessorsThatTheThreadMayUse) {
  const auto count = default_thread_count(system_.root());
  EXPECT_EQ(count->threads, affine());
  EXPECT_EQ(count->decided_by, "affinity");
}

TEST_F(ThreadCount, ALowerQuotaDecidesRoundedUp) {
  if (affine() < 2) GTEST_SKIP() << "one processor leaves nothing to lower";
  system_.version_2("/job").write("sys/fs/cgroup/job/cpu.max", "20000 100000\n");
  EXPECT_EQ(default_thread_count(system_.root())->threads, 1);
  EXPECT_EQ(default_thread_count(system_.root())->decided_by, "cgroup quota");
  system_.write("sys/fs/cgroup/job/cpu.max", "9900000 100000\n");
  EXPECT_EQ(default_thread_count(system_.root())->decided_by, "affinity");
}

TEST_F(ThreadCount, TheEnvironmentDecidesBeforeAll) {
  system_.version_2("/job").write("sys/fs/cgroup/job/cpu.max", "20000 100000\n");
  setenv("MINI_INFER_THREADS", "7", 1);
  EXPECT_EQ(default_thread_count(system_.root())->threads, 7);
  EXPECT_EQ(default_thread_count(system_.root())->decided_by, "MINI_INFER_THREADS");
  setenv("MINI_INFER_THREADS", "", 1);
  EXPECT_EQ(default_thread_count(system_.root())->decided_by, "cgroup quota") << "empty: not set";
}

TEST_F(ThreadCount, AnEnvironmentThatIsNoCountIsAnError) {
  for (const char* text : {"0", "-2", "1025", "two", "2x", "99999999999999"}) {
    setenv("MINI_INFER_THREADS", text, 1);
    const auto count = default_thread_count(system_.root());
    EXPECT_EQ(count.status().code(), core::Status::ERROR_INVALID_ARGUMENT) << text;
    EXPECT_THAT(count.status().message(),
                HasSubstr(std::string("expected a number from 1 to 1024, found '") + text));
  }
}

}  // namespace
}  // namespace mini_infer::test
