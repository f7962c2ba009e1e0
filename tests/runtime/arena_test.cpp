#include "runtime/arena.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/host_memory.h"
#include "support/temp_system.h"

namespace mini_infer::test {
namespace {

using core::Status;
using runtime::Arena;
using ::testing::HasSubstr;

constexpr std::size_t kMiB = 1024 * 1024;

// A system promises memory that it has not, and ends the process that writes there.
TEST(Arena, APoolThatTheHostHasNoRoomForIsAnError) {
  const std::size_t bytes = core::available_host_bytes() + 256 * kMiB;
  const auto arena = Arena::allocate("activations", bytes, 256, runtime::host_allocator());
  ASSERT_EQ(arena.status().code(), Status::ERROR_OUT_OF_MEMORY);
  EXPECT_THAT(arena.status().message(), HasSubstr("pool 'activations': asked for"));
}

TEST(Arena, APoolThatTheControlGroupHasNoRoomForIsAnError) {
  TempSystem system;
  system.write("proc/meminfo", "MemAvailable: 8388608 kB\n");
  system.version_2("/job").write("sys/fs/cgroup/job/memory.max", "8388608\n");
  system.write("sys/fs/cgroup/job/memory.current", "5242880\n");
  const auto allocator = runtime::host_allocator(system.root());
  EXPECT_TRUE(Arena::allocate("weights", 3 * kMiB, 256, allocator).ok());
  EXPECT_EQ(Arena::allocate("weights", 4 * kMiB, 256, allocator).status().code(),
            Status::ERROR_OUT_OF_MEMORY);
  system.write("sys/fs/cgroup/job/memory.stat", "inactive_file 1048576\n");
  EXPECT_TRUE(Arena::allocate("weights", 4 * kMiB, 256, allocator).ok())
      << "files that can be dropped make room";
}

}  // namespace
}  // namespace mini_infer::test
