#include "mini_infer/core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mini_infer::core {
namespace {

using ::testing::ElementsAre;

TEST(Log, TheCallbackTakesLinesFromTheLevelUp) {
  std::vector<std::string> lines;
  set_log_callback([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  set_log_level(LogLevel::kWarning);
  MI_LOG_INFO("dropped");
  MI_LOG_WARNING("kept");
  MI_LOG_ERROR("kept too");
  set_log_level(LogLevel::kOff);
  MI_LOG_ERROR("dropped");
  set_log_level(LogLevel::kWarning);
  set_log_callback({});
  EXPECT_THAT(lines, ElementsAre("kept", "kept too"));
}

TEST(Log, ALineThatIsNotWantedIsNotBuilt) {
  int built = 0;
  auto line = [&] {
    ++built;
    return std::string("line");
  };
  set_log_level(LogLevel::kOff);
  MI_LOG_INFO(line());
  set_log_level(LogLevel::kWarning);
  EXPECT_EQ(built, 0);
}

}  // namespace
}  // namespace mini_infer::core
