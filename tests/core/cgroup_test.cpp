#include "core/cgroup.h"

#include <gtest/gtest.h>

#include "core/host_memory.h"
#include "support/temp_system.h"

namespace mini_infer::test {
namespace {

using core::cgroup_free_bytes;
using core::cgroup_processors;

TEST(Cgroup, NoGroupIsNoLimit) {
  const TempSystem system;
  EXPECT_EQ(cgroup_processors(system.root()), std::nullopt);
  EXPECT_EQ(cgroup_free_bytes(system.root()), std::nullopt);
}

TEST(Cgroup, TheWordMaxIsNoLimit) {
  TempSystem system;
  system.version_2("/job").write("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  system.write("sys/fs/cgroup/job/memory.max", "max\n");
  system.write("sys/fs/cgroup/job/memory.current", "4096\n");
  EXPECT_EQ(cgroup_processors(system.root()), std::nullopt);
  EXPECT_EQ(cgroup_free_bytes(system.root()), std::nullopt);
}

TEST(Cgroup, TheTightestQuotaOnTheWayToTheRootCounts) {
  TempSystem system;
  system.version_2("/pods/job/step").write("sys/fs/cgroup/pods/cpu.max", "800000 100000\n");
  system.write("sys/fs/cgroup/pods/job/cpu.max", "125000 50000\n");
  system.write("sys/fs/cgroup/pods/job/step/cpu.max", "400000 100000\n");
  EXPECT_EQ(cgroup_processors(system.root()), 2.5);
}

TEST(Cgroup, Version1HasItsQuotaInTwoFiles) {
  TempSystem system;
  system.version_1("/job/step").write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/job/step/cpu.cfs_quota_us", "-1\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/job/step/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_processors(system.root()), 1.5);
}

// As containers have it: the mount shows the container's own group only.
TEST(Cgroup, AMountMayShowAPartOfTheHierarchy) {
  TempSystem system;
  system.version_1("/docker/1234/inner", "/docker/1234");
  system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us", "100000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_processors(system.root()), 1.0);
}

TEST(Cgroup, OfAGroupThatTheMountDoesNotShowTheMountsOwnCounts) {
  for (const char* group : {"/../../other", "/elsewhere"}) {
    TempSystem system;
    system.version_1(group, "/docker/1234");
    system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
    system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(cgroup_processors(system.root()), 3.0) << group;
  }
}

TEST(Cgroup, ABlankInAMountPointIsWrittenAsANumber) {
  TempSystem system;
  system.write("proc/self/cgroup", "0::/\n");
  system.write("proc/self/mountinfo", "31 23 0:28 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  system.write("my groups/cpu.max", "100000 100000\n");
  EXPECT_EQ(cgroup_processors(system.root()), 1.0);
}

TEST(Cgroup, FreeIsTheLimitLessWhatCannotBeDropped) {
  TempSystem system;
  system.version_2("/job").write("sys/fs/cgroup/job/memory.max", "1000000\n");
  system.write("sys/fs/cgroup/job/memory.current", "700000\n");
  system.write("sys/fs/cgroup/job/memory.stat", "anon 100\ninactive_file 300000\nslab 5\n");
  EXPECT_EQ(cgroup_free_bytes(system.root()), 600000u);
  system.write("sys/fs/cgroup/memory.max", "900000\n");
  system.write("sys/fs/cgroup/memory.current", "800000\n");
  EXPECT_EQ(cgroup_free_bytes(system.root()), 100000u) << "the group around it has less";
}

TEST(Cgroup, AGroupBeyondItsLimitHasNothingFree) {
  TempSystem system;
  system.version_1("/job").write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4096\n");
  system.write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "8192\n");
  system.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  system.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "8192\n");
  EXPECT_EQ(cgroup_free_bytes(system.root()), 0u);
}

TEST(HostMemory, WhatIsFreeIsTheLessOfTheSystemsAndTheGroups) {
  TempSystem system;
  system.write("proc/meminfo", "MemTotal:  800 kB\nMemAvailable:     400 kB\n");
  EXPECT_EQ(core::available_host_bytes(system.root()), 400u * 1024);
  system.version_2("/").write("sys/fs/cgroup/memory.max", "300000\n");
  system.write("sys/fs/cgroup/memory.current", "100000\n");
  EXPECT_EQ(core::available_host_bytes(system.root()), 200000u);
  EXPECT_TRUE(core::fits_host(200000, 0, system.root()));
  EXPECT_FALSE(core::fits_host(200001, 0, system.root()));
  EXPECT_TRUE(core::fits_host(200001, 200002, system.root())) << "too small to ask";
}

}  // namespace
}  // namespace mini_infer::test
