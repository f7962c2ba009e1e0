#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "cuda/tuning_cache.h"
#include "mini_infer/core/log.h"

// What has been timed is not timed again. The times themselves need a GPU.
namespace mini_infer::test {
namespace {

using cuda::TuningCache;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CudaTuning : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string content() const {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  // The choice, and whether it was timed for that.
  static int choose(TuningCache& cache, const std::string& name, int count, int fastest,
                    bool timed) {
    bool asked = false;
    const int choice = cache.choose(name, count, [&] {
      asked = true;
      return fastest;
    });
    EXPECT_EQ(asked, timed) << name;
    return choice;
  }

  const std::string path_ = ::testing::TempDir() + "tuning_" + std::to_string(getpid());
};

TEST_F(CudaTuning, AChoiceIsTimedOnce) {
  TuningCache cache;
  EXPECT_EQ(choose(cache, "a", 5, 3, true), 3);
  EXPECT_EQ(choose(cache, "a", 5, 1, false), 3);
  EXPECT_EQ(choose(cache, "b", 5, 1, true), 1);
  // Among others it is another choice; of one there is none.
  EXPECT_EQ(choose(cache, "a", 4, 2, true), 2);
  EXPECT_EQ(choose(cache, "c", 1, 7, false), 0);
}

TEST_F(CudaTuning, AFileKeepsWhatWasTimed) {
  {
    const auto cache = TuningCache::open(path_, "cuDNN 9, a device").value();
    EXPECT_EQ(choose(*cache, "a product of 3 4", 5, 3, true), 3);
  }
  EXPECT_EQ(content(), "mini-infer tuning 1: cuDNN 9, a device\n3 5 a product of 3 4\n");
  const auto cache = TuningCache::open(path_, "cuDNN 9, a device").value();
  EXPECT_EQ(choose(*cache, "a product of 3 4", 5, 0, false), 3);
}

TEST_F(CudaTuning, OtherVersionsBeginAnewAndSaySo) {
  {
    const auto cache = TuningCache::open(path_, "cuDNN 9").value();
    choose(*cache, "a", 5, 3, true);
  }
  std::vector<std::string> lines;
  core::set_log_callback([&](core::LogLevel, std::string_view line) { lines.emplace_back(line); });
  const auto cache = TuningCache::open(path_, "cuDNN 10").value();
  core::set_log_callback({});
  EXPECT_THAT(lines, ElementsAre("tuning file " + path_ +
                                 ": its choices were made by 'cuDNN 9' "
                                 "and are dropped; those of 'cuDNN 10' take their place"));
  EXPECT_EQ(choose(*cache, "a", 5, 2, true), 2);
  EXPECT_EQ(content(), "mini-infer tuning 1: cuDNN 10\n2 5 a\n");
}

TEST_F(CudaTuning, LinesThatAreNoneAreTimedAgain) {
  write("mini-infer tuning 1: x\n7 5 outside\n-1 5 below\nnonsense\n\n2 5 good\n1 5 cut");
  const auto cache = TuningCache::open(path_, "x").value();
  EXPECT_EQ(choose(*cache, "outside", 5, 1, true), 1);
  EXPECT_EQ(choose(*cache, "below", 5, 1, true), 1);
  EXPECT_EQ(choose(*cache, "good", 5, 1, false), 2);
  EXPECT_EQ(choose(*cache, "cut", 5, 0, true), 0);
  EXPECT_THAT(content(), HasSubstr("\n1 5 cut\n"));
  EXPECT_THAT(content(), HasSubstr("\n0 5 cut\n"));
}

TEST_F(CudaTuning, AnotherKindOfFileIsLeftAlone) {
  write("my thesis\n");
  const auto cache = TuningCache::open(path_, "x");
  EXPECT_EQ(cache.status(), core::Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(cache.status().message(), HasSubstr(path_ + ": it is another kind of file"));
  EXPECT_EQ(content(), "my thesis\n");
}

TEST_F(CudaTuning, AFileThatCannotBeWrittenIsAnError) {
  const auto cache = TuningCache::open("/nowhere/tuning", "x");
  EXPECT_THAT(cache.status().message(), HasSubstr("/nowhere/tuning: it cannot be written"));
}

}  // namespace
}  // namespace mini_infer::test
