#include "cpu/ops/share_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mini_infer::test {
namespace {

TEST(ShareRows, EveryRowOnceWhateverItsExtent) {
  for (const int threads : {1, 3}) {
    core::ThreadPool pool(threads);
    for (const std::int64_t rows : {0, 1, 7, 1000}) {
      for (const std::int64_t extent : {0, 1, 100, 1 << 14, 1 << 20}) {
        SCOPED_TRACE(std::to_string(rows) + " rows of " + std::to_string(extent));
        std::vector<int> visits(static_cast<std::size_t>(rows), 0);
        cpu::share_rows(pool, rows, extent,
                        [&](std::int64_t row) { ++visits[static_cast<std::size_t>(row)]; });
        EXPECT_THAT(visits, ::testing::Each(1));
      }
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
