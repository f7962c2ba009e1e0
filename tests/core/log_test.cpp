#include "mini_infer/core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mini_infer::core {
namespace {

using ::testing::ElementsAre;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// The log belongs to the process: each test leaves it as it was found.
class Log : public ::testing::Test {
 protected:
  ~Log() override {
    set_log_callback({});
    set_log_level(LogLevel::kWarning);
  }

  LogCallback collect() {
    return [this](LogLevel, std::string_view line) { lines_.emplace_back(line); };
  }

  std::vector<std::string> lines_;
};

TEST_F(Log, TheCallbackTakesLinesFromTheLevelUp) {
  set_log_callback(collect());
  set_log_level(LogLevel::kWarning);
  MI_LOG_INFO("dropped");
  MI_LOG_WARNING("kept");
  MI_LOG_ERROR("kept too");
  set_log_level(LogLevel::kOff);
  MI_LOG_ERROR("dropped");
  log(LogLevel::kOff, "dropped");
  EXPECT_THAT(lines_, ElementsAre("kept", "kept too"));
}

TEST_F(Log, ALineThatIsNotWantedIsNotBuilt) {
  int built = 0;
  auto line = [&] {
    ++built;
    return std::string("line");
  };
  set_log_level(LogLevel::kOff);
  MI_LOG_INFO(line());
  EXPECT_EQ(built, 0);
}

TEST_F(Log, WithoutACallbackLinesGoToStderrBehindTheLettersOfTheirLevels) {
  set_log_level(LogLevel::kDebug);
  CaptureStderr();
  MI_LOG_DEBUG("a");
  MI_LOG_INFO("b");
  MI_LOG_WARNING("c {} %s");
  MI_LOG_ERROR("d");
  EXPECT_EQ(GetCapturedStderr(), "D a\nI b\nW c {} %s\nE d\n");
}

TEST_F(Log, ALineOfTheCallbackGoesToStderr) {
  set_log_callback([&](LogLevel, std::string_view line) {
    lines_.emplace_back(line);
    MI_LOG_WARNING("from the callback");
  });
  CaptureStderr();
  MI_LOG_WARNING("first");
  MI_LOG_WARNING("second");
  EXPECT_EQ(GetCapturedStderr(), "W from the callback\nW from the callback\n");
  EXPECT_THAT(lines_, ElementsAre("first", "second"));
}

TEST_F(Log, TheCallbackMayReplaceItself) {
  set_log_callback(
      [this, text = std::string("seen by the first: ")](LogLevel, std::string_view line) {
        set_log_callback(collect());
        lines_.push_back(text + std::string(line));  // the first one lives until it returns
      });
  MI_LOG_WARNING("a");
  MI_LOG_WARNING("b");
  EXPECT_THAT(lines_, ElementsAre("seen by the first: a", "b"));
}

TEST_F(Log, TheCallbackMayRemoveItself) {
  set_log_callback([this](LogLevel, std::string_view line) {
    lines_.emplace_back(line);
    set_log_callback({});
  });
  CaptureStderr();
  MI_LOG_WARNING("a");
  MI_LOG_WARNING("b");
  EXPECT_EQ(GetCapturedStderr(), "W b\n");
  EXPECT_THAT(lines_, ElementsAre("a"));
}

TEST_F(Log, WhatTheCallbackOwnsMayLogAsItIsDestroyed) {
  set_log_callback([bye = std::shared_ptr<int>(new int(0), [](int* number) {
                      delete number;
                      MI_LOG_WARNING("bye");
                    })](LogLevel, std::string_view) {});
  set_log_callback(collect());
  EXPECT_THAT(lines_, ElementsAre("bye"));
}

TEST_F(Log, ALineWhoseCallbackThrowsGoesToStderr) {
  set_log_callback([](LogLevel, std::string_view) { throw std::runtime_error("full"); });
  CaptureStderr();
  EXPECT_NO_THROW(MI_LOG_WARNING("a"));
  EXPECT_NO_THROW(MI_LOG_ERROR("b"));
  EXPECT_EQ(GetCapturedStderr(), "W a\nE b\n");
}

TEST_F(Log, LinesOfSeveralThreadsComeOneAtATime) {
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  set_log_callback(collect());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([] {
        for (int line = 0; line < kLines; ++line) MI_LOG_WARNING("line");
      });
    }
  }
  EXPECT_EQ(lines_.size(), kThreads * kLines);
}

TEST_F(Log, ACallbackThatWasReplacedIsNeverCalledAgain) {
  const LogCallback ignore = [](LogLevel, std::string_view) {};
  set_log_callback(ignore);
  std::atomic<bool> stop = false;
  std::jthread thread([&] {
    while (!stop) MI_LOG_WARNING("line");
  });
  bool late = false;
  for (int i = 0; i < 200; ++i) {
    auto in_use = std::make_shared<std::atomic<bool>>(true);
    set_log_callback([&late, in_use](LogLevel, std::string_view) { late |= !in_use->load(); });
    set_log_callback(ignore);
    *in_use = false;
  }
  stop = true;
  thread.join();
  EXPECT_FALSE(late);
}

}  // namespace
}  // namespace mini_infer::core
