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
  const auto given = parse_shapes({"x:1x3x224x224,y:scalar", "scope/in:0:8x0"}, {});
  ASSERT_TRUE(given.ok()) << given.status().message();
  EXPECT_THAT(given->shapes, ElementsAre(Pair("scope/in:0", Shape({8, 0})),
                                         Pair("x", Shape({1, 3, 224, 224})), Pair("y", Shape())));
}

TEST(Shapes, MayHaveCommasSymbolsAndNoName) {
  const auto given = parse_shapes({"x:1,3,224,224,y:8,N=4,T=128"}, {});
  ASSERT_TRUE(given.ok()) << given.status().message();
  EXPECT_THAT(given->shapes,
              ElementsAre(Pair("x", Shape({1, 3, 224, 224})), Pair("y", Shape({8}))));
  EXPECT_THAT(given->symbols, ElementsAre(Pair("N", 4), Pair("T", 128)));
  for (const char* text : {"2x3", "2,3"}) {
    const auto only = parse_shapes({text}, {.inputs = {"image"}, .symbols = {}});
    ASSERT_TRUE(only.ok()) << only.status().message();
    EXPECT_THAT(only->shapes, ElementsAre(Pair("image", Shape({2, 3}))));
  }
  EXPECT_EQ(parse_shapes({"2x3"}, {.inputs = {"a", "b"}, .symbols = {}}).status(),
            Status::ERROR_INVALID_ARGUMENT);
}

TEST(Shapes, NamesMayHoldWhatSeparatesThem) {
  const ShapeNames names{.inputs = {"x", "x:0", "a,b", "c=d", "1"}, .symbols = {"s=t", "N"}};
  const auto given = parse_shapes({"x:0:2x3,x:4,a,b:5,6,c=d:7,1:8,s=t=9,N=10"}, names);
  ASSERT_TRUE(given.ok()) << given.status().message();
  EXPECT_THAT(given->shapes, ElementsAre(Pair("1", Shape({8})), Pair("a,b", Shape({5, 6})),
                                         Pair("c=d", Shape({7})), Pair("x", Shape({4})),
                                         Pair("x:0", Shape({2, 3}))));
  EXPECT_THAT(given->symbols, ElementsAre(Pair("N", 10), Pair("s=t", 9)));
}

TEST(Shapes, MistakesAreRefused) {
  for (const char* text : {"x", "x:", ":1", "x:1x", "x:1xN", "x:-1", "x:1,", "x:1,x:2",
                           "x:99999999999999999999", "x:1.5", "", "N=", "N=x", "N=1,N=2"}) {
    EXPECT_EQ(parse_shapes({text}, {}).status(), Status::ERROR_INVALID_ARGUMENT) << text;
  }
}

TEST(Nearest, IsWhatWasMeant) {
  const std::vector<std::string> verbs = {"plan", "run", "inspect"};
  EXPECT_EQ(nearest("pln", verbs), "plan");
  EXPECT_EQ(nearest("inspcet", verbs), "inspect");
  EXPECT_EQ(nearest("RUN", verbs), "run");
  EXPECT_EQ(nearest("frobnicate", verbs), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
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

TEST(Latency, VariesByTheStandardDeviation) {
  EXPECT_EQ(Latency({5}).variation(), 0);
  EXPECT_EQ(Latency({3, 3, 3}).variation(), 0);
  EXPECT_DOUBLE_EQ(Latency({1, 3}).variation(), 0.5);
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
