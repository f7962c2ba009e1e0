#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.h"

namespace mini_infer::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Inspect, NeedsNoShapes) {
  const CommandResult result = mini_infer({"inspect", lenet5_model(), "--json", "--nodes"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("schema"), "mini-infer.inspect");
  EXPECT_EQ(json.at("opsets"), nlohmann::json({{"ai.onnx", 13}}));
  EXPECT_EQ(json.at("inputs").at(0).at("shape"), nlohmann::json({"N", 1, 28, 28}));
  EXPECT_EQ(json.at("graph").at("operators").at("Conv"), 2);
  EXPECT_EQ(json.at("graph").at("nodes").size(), 12);
  EXPECT_THAT(std::string(json.at("shapes_not_inferred")), HasSubstr("--shapes=image:1x1x28x28"));
}

TEST(Inspect, InfersShapesWhenItCan) {
  const auto json =
      mini_infer({"inspect", lenet5_model(), "--shapes=image:3x1x28x28", "--nodes", "--json"})
          .json();
  EXPECT_THAT(std::string(json.at("shapes_not_inferred")), IsEmpty());
  EXPECT_EQ(json.at("graph").at("nodes").at(0).at("outputs").at(0).at("shape"),
            nlohmann::json({3, 6, 24, 24}));
}

TEST(Inspect, ShowsTheGraphAfterPasses) {
  const std::vector<std::string> line = {"inspect", lenet5_model(), "--shapes=image:1x1x28x28"};
  auto with = [&](const std::string& option) {
    auto longer = line;
    longer.push_back(option);
    return mini_infer(longer).out;
  };
  EXPECT_THAT(with("--after=fuse-epilogue"), HasSubstr("mini_infer.Conv"));
  EXPECT_THAT(with("--after=fold-constants"), Not(HasSubstr("mini_infer.Conv")));
  EXPECT_THAT(with("--each-pass"), HasSubstr("after        drop-dead"));
}

}  // namespace
}  // namespace mini_infer::test
