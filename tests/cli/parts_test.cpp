#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/exit_code.h"
#include "cli/latency.h"
#include "cli/shapes.h"
#include "cli/text.h"

namespace mini_infer::cli {
namespace {

using core::Shape;
using core::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Shapes, AreSpelledAsTensorRtSpellsThem) {
  const auto shapes = parse_shapes({"x:1x3x224x224,y:scalar", "scope/in:0:8x0"});
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_THAT(*shapes, ElementsAre(Pair("scope/in:0", Shape({8, 0})),
                                   Pair("x", Shape({1, 3, 224, 224})), Pair("y", Shape())));
}

TEST(Shapes, MistakesAreRefused) {
  for (const char* text : {"x", "x:", ":1", "x:1x", "x:1xN", "x:-1", "x:1,", "x:1,x:2",
                           "x:99999999999999999999", "x:1.5"}) {
    EXPECT_EQ(parse_shapes({text}).status(), Status::ERROR_INVALID_ARGUMENT) << text;
  }
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("", ','), IsEmpty());
  EXPECT_THAT(split("a", ','), ElementsAre("a"));
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
}

TEST(Latency, PercentilesAreSamples) {
  const Latency latency({4, 1, 3, 2});
  EXPECT_EQ(latency.percentile(0), 1);
  EXPECT_EQ(latency.percentile(25), 1);
  EXPECT_EQ(latency.percentile(50), 2);
  EXPECT_EQ(latency.percentile(90), 4);
  EXPECT_EQ(latency.percentile(100), 4);
  EXPECT_EQ(latency.mean(), 2.5);
  EXPECT_EQ(latency.throughput(), 400);
}

TEST(ExitCodes, TellWhoIsToBlame) {
  EXPECT_EQ(exit_code(Status::SUCCESS), ExitCode::kOk);
  EXPECT_EQ(exit_code(Status::ERROR_INVALID_ARGUMENT), ExitCode::kUsage);
  EXPECT_EQ(exit_code(Status::ERROR_INVALID_MODEL), ExitCode::kInvalidModel);
  EXPECT_EQ(exit_code(Status::ERROR_IO), ExitCode::kUsage);
  EXPECT_EQ(exit_code(Status::ERROR_UNSUPPORTED), ExitCode::kUnsupported);
  EXPECT_EQ(exit_code(Status::ERROR_OUT_OF_MEMORY), ExitCode::kDevice);
  EXPECT_EQ(exit_code(Status::ERROR_INTERNAL), ExitCode::kInternal);
}

}  // namespace
}  // namespace mini_infer::cli
