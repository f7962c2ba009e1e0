#include "core/usable_processors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace mini_infer::test {
namespace {

using core::processor_ranges;
using core::usable_processors;
using ::testing::IsSupersetOf;

std::vector<int> own_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<std::size_t>(i), &set)) processors.push_back(i);
  }
  return processors;
}

TEST(UsableProcessors, AreThoseThatAThreadCanBeBoundTo) {
  const std::vector<int> processors = usable_processors();
  ASSERT_FALSE(processors.empty());
  std::thread([&processors] {
    for (int processor : processors) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<std::size_t>(processor), &set);
      EXPECT_EQ(sched_setaffinity(0, sizeof set, &set), 0) << processor;
    }
  }).join();
}

TEST(UsableProcessors, DoNotDependOnWhereTheCallerIsBoundAndLeaveItThere) {
  const std::vector<int> all = usable_processors();
  EXPECT_THAT(all, IsSupersetOf(own_affinity()));
  std::thread([&all] {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(all.front()), &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
    const std::vector<int> before = own_affinity();
    EXPECT_EQ(usable_processors(), all);
    EXPECT_EQ(own_affinity(), before);
  }).join();
}

TEST(UsableProcessors, AreWrittenAsRanges) {
  EXPECT_EQ(processor_ranges({}), "");
  EXPECT_EQ(processor_ranges({5}), "5");
  EXPECT_EQ(processor_ranges({0, 1}), "0-1");
  EXPECT_EQ(processor_ranges({0, 1, 2, 3, 8, 10, 11}), "0-3, 8, 10-11");
}

}  // namespace
}  // namespace mini_infer::test
