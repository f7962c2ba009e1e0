#include "mini_infer/core/status.h"

#include <gtest/gtest.h>

#include "core/try.h"

namespace mini_infer::core {
namespace {

TEST(Status, ComparesWithItsCodes) {
  EXPECT_TRUE(Status() == Status::SUCCESS);
  EXPECT_TRUE(Status(Status::ERROR_IO) != Status::SUCCESS);
  EXPECT_TRUE(Status(Status::ERROR_IO, "a") == Status::ERROR_IO);
}

TEST(Status, SaysItsCodeAndMessage) {
  EXPECT_EQ(Status(Status::ERROR_OUT_OF_MEMORY, "pool 'weights'").to_string(),
            "out of memory: pool 'weights'");
  EXPECT_EQ(Status().to_string(), "success");
}

TEST(Status, ContextGoesBeforeTheMessageOfAFailureOnly) {
  EXPECT_EQ(Status(Status::ERROR_IO, "gone").with_context("a.onnx").message(), "a.onnx: gone");
  EXPECT_TRUE(Status().with_context("a.onnx").ok());
}

Result<int> half(int number) {
  if (number % 2 != 0) return {Status::ERROR_INVALID_ARGUMENT, std::to_string(number) + " is odd"};
  return number / 2;
}

Result<int> quarter(int number) {
  MI_ASSIGN(const int once, half(number));
  return half(once);
}

TEST(Result, PassesOnTheFirstFailure) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(7).status().message(), "7 is odd");
  EXPECT_EQ(quarter(6).status().message(), "3 is odd");
}

TEST(ResultDeathTest, TheValueOfAnErrorPrintsTheErrorAndTerminates) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const Result<std::string> failed = Status(Status::ERROR_IO, "a.onnx: gone");
  const char* text = "the value of a failed Result was used: input/output error: a.onnx: gone";
  EXPECT_DEATH(failed.value(), text);
  EXPECT_DEATH((void)*failed, text);
  EXPECT_DEATH((void)failed->size(), text);
  EXPECT_DEATH((void)Result<std::string>(failed).value(), text);
}

}  // namespace
}  // namespace mini_infer::core
