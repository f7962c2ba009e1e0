#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "cli/command.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> bench(const std::vector<std::string>& options) {
  std::vector<std::string> line = {"bench", lenet5_model(), "--shapes=image:1x1x28x28",
                                   "--warmUp=10"};
  line.insert(line.end(), options.begin(), options.end());
  return line;
}

TEST(Bench, MeasuresTimeAndMemory) {
  const CommandResult result = mini_infer(bench({"--duration=0.2", "--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("schema"), "mini-infer.bench");
  const auto latency = json.at("latency_milliseconds");
  EXPECT_GT(latency.at("min"), 0);
  EXPECT_LE(latency.at("min"), latency.at("median"));
  EXPECT_LE(latency.at("median"), latency.at("p99"));
  EXPECT_LE(latency.at("p99"), latency.at("max"));
  const auto memory = json.at("memory");
  const std::size_t planned = memory.at("planned_arena_bytes").get<std::size_t>() +
                              memory.at("planned_weights_bytes").get<std::size_t>();
  EXPECT_EQ(memory.at("measured_bytes"), planned);
  EXPECT_EQ(memory.at("allocations"), 2);
  EXPECT_EQ(memory.at("allocations_while_running"), 0);
}

TEST(Bench, RunsAsOftenAsAsked) {
  const auto json = mini_infer(bench({"--iterations=25", "--duration=0", "--json"})).json();
  EXPECT_EQ(json.at("iterations"), 25);
  EXPECT_EQ(mini_infer(bench({"--duration=0", "--json"})).json().at("iterations"), 1);
}

TEST(Bench, PrintsThePercentilesAskedFor) {
  const CommandResult result =
      mini_infer(bench({"--duration=0.05", "--percentile=50,99.9", "--dumpProfile"}));
  EXPECT_THAT(result.out, HasSubstr("p99.9"));
  EXPECT_THAT(result.out, HasSubstr("throughput"));
  EXPECT_THAT(result.out, HasSubstr("pool2"));
  EXPECT_THAT(result.out, HasSubstr("indirect product"));  // the kernel of a convolution
}

TEST(Bench, OptionsThatCannotBeHonouredAreWrongArguments) {
  const CommandResult account = mini_infer(bench({"--account"}));
  EXPECT_EQ(account.exit_code, 1);
  EXPECT_THAT(account.err, HasSubstr("--account: expected a CUDA device"));
  const CommandResult file = mini_infer(bench({"--tuning-file=tuning"}));
  EXPECT_EQ(file.exit_code, 1);
  EXPECT_THAT(file.err, HasSubstr("--tune"));
}

TEST(Bench, ExportsTheTimeOfEveryRun) {
  const TempFolder folder;
  const std::string file = folder / "times.json";
  const CommandResult result =
      mini_infer(bench({"--iterations=25", "--duration=0", "--json", "--exportTimes", file}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto times = nlohmann::json::parse(std::ifstream(file));
  EXPECT_EQ(times.at("schema"), "mini-infer.times");
  ASSERT_EQ(times.at("latency_milliseconds").size(), 25u);
  double most = 0;
  for (const auto& time : times.at("latency_milliseconds"))
    most = std::max(most, time.get<double>());
  EXPECT_EQ(result.json().at("latency_milliseconds").at("max"), most);
  EXPECT_GE(result.json().at("latency_milliseconds").at("variation"), 0);
}

TEST(Bench, ExportsTheProfile) {
  const TempFolder folder;
  const std::string file = folder / "profile.json";
  const CommandResult result = mini_infer(bench({"--duration=0.05", "--exportProfile=" + file}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = nlohmann::json::parse(std::ifstream(file));
  EXPECT_EQ(json.at("schema"), "mini-infer.profile");
  double shares = 0;
  for (const auto& step : json.at("steps")) shares += step.at("share").get<double>();
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_EQ(json.at("steps").at(0).at("kernel"), "indirect product");
  EXPECT_EQ(mini_infer(bench({"--duration=0", "--exportProfile=" + file + "/no"})).exit_code, 1);
}

}  // namespace
}  // namespace mini_infer::test
