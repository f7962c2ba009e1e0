#include "mini_infer/report/memory_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/json.h"

namespace mini_infer::report {
namespace {

using runtime::MemoryPlan;
using runtime::Proof;
using runtime::TensorPlacement;
using ::testing::HasSubstr;
using ::testing::Not;

// a is read by step 1, which writes b; scratch lives throughout.
MemoryPlan small_plan() {
  MemoryPlan plan;
  TensorPlacement scratch{.kind = TensorPlacement::Kind::kScratch, .name = "scratch", .values = {}};
  scratch.size_bytes = 1024;
  scratch.last_step = 1;
  TensorPlacement a{.name = "a", .values = {0, 3}};
  a.offset = 1024;
  a.size_bytes = 2000;
  a.last_step = 1;
  TensorPlacement b{.name = "b", .values = {4}};
  b.offset = 3072;
  b.size_bytes = 4096;
  b.first_step = b.last_step = 1;
  plan.pools.push_back({"activations", 7168, 256, {scratch, a, b}});
  plan.steps = {{0, "first", "Conv", 3072, 4096}, {1, "second", "mini_infer.Conv", 7168, 0}};
  plan.total_memory = 7168;
  plan.original_memory = 14336;
  plan.memory_saving_ratio = 0.5f;
  plan.weights_bytes = 512;
  plan.lower_bound = 7168;
  plan.peak_step = 1;
  plan.offsets_proof = Proof::kByBound;
  plan.plan_hash = "0123456789abcdef";
  return plan;
}

TEST(MemoryReport, JsonSaysWhatThePlanSays) {
  const auto json = nlohmann::json::parse(plan_to_json(small_plan()));
  EXPECT_EQ(json.at("schema"), "mini-infer.plan");
  EXPECT_EQ(json.at("version"), 1);
  EXPECT_EQ(json.at("weights_bytes"), 512);
  EXPECT_EQ(json.at("arena_bytes"), 7168);
  EXPECT_EQ(json.at("gap_bytes"), 0);
  EXPECT_EQ(json.at("saving_ratio"), 0.5);
  EXPECT_EQ(json.at("proven_offsets"), true);
  EXPECT_EQ(json.at("offsets_proof"), "by_bound");
  EXPECT_EQ(json.at("proven_order"), false);
  EXPECT_EQ(json.at("order_proof"), "none");
  EXPECT_EQ(json.at("plan_hash"), "0123456789abcdef");
  EXPECT_EQ(json.at("pools").at(0).at("tensors").at(1),
            nlohmann::json::parse(R"({"name": "a", "kind": "tensor", "offset": 1024,
                                      "size_bytes": 2000, "first_step": 0, "last_step": 1,
                                      "values": [0, 3]})"));
  EXPECT_EQ(json.at("pools").at(0).at("tensors").at(0).at("kind"), "scratch");
  EXPECT_EQ(json.at("steps").at(1).at("op"), "mini_infer.Conv");
}

TEST(MemoryReport, ThePeakListsTheLargestFirst) {
  const auto peak = nlohmann::json::parse(plan_to_json(small_plan())).at("peak");
  EXPECT_EQ(peak.at("step"), 1);
  EXPECT_EQ(peak.at("node"), "second");
  EXPECT_EQ(peak.at("live_tensors"), nlohmann::json::parse(R"([{"name": "b", "size_bytes": 4096},
                                      {"name": "a", "size_bytes": 2000},
                                      {"name": "scratch", "size_bytes": 1024}])"));
}

TEST(MemoryReport, KeysKeepTheirOrder) {
  const std::string text = plan_to_json(small_plan());
  EXPECT_EQ(text, plan_to_json(small_plan()));
  EXPECT_LT(text.find("\"schema\""), text.find("\"arena_bytes\""));
  EXPECT_LT(text.find("\"arena_bytes\""), text.find("\"lower_bound_bytes\""));
}

TEST(MemoryReport, TextTellsProofFromGap) {
  MemoryPlan plan = small_plan();
  EXPECT_THAT(plan_to_text(plan), HasSubstr("smallest possible: equal to the lower bound"));
  EXPECT_THAT(plan_to_text(plan), HasSubstr("step 1 of 2, mini_infer.Conv 'second'"));
  plan.offsets_proof = Proof::kNone;
  plan.lower_bound = 5376;
  EXPECT_THAT(plan_to_text(plan), HasSubstr("1.75 KB (25.0 %) above the lower bound"));
  EXPECT_THAT(plan_to_text(plan), Not(HasSubstr("smallest possible")));
}

TEST(MemoryReport, AFailedPlanSaysWhy) {
  MemoryPlan plan;
  plan.status = {core::Status::ERROR_INVALID_MODEL, "a cycle"};
  EXPECT_THAT(plan_to_text(plan), HasSubstr("invalid model: a cycle"));
  EXPECT_EQ(nlohmann::json::parse(plan_to_json(plan)).at("saving_ratio"), 0);
}

TEST(MemoryReport, BytesHaveThreeDigits) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.00 KB");
  EXPECT_EQ(human_bytes(12602), "12.3 KB");
  EXPECT_EQ(human_bytes(10235), "10.0 KB");
  EXPECT_EQ(human_bytes(1023 * 1024), "1023 KB");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.00 MB");
  EXPECT_EQ(human_bytes(4781506), "4.56 MB");
  EXPECT_EQ(human_bytes(~std::size_t{0}), "16.0 EB");
}

TEST(Json, SurvivesWhatModelsHold) {
  const std::string text =
      Json::object().set("name", "\xff\"\n").set("nan", 0.0 / 0.0).set("none", Json::null()).dump();
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.at("name"), "\xEF\xBF\xBD\"\n");
  EXPECT_TRUE(json.at("nan").is_null());
  EXPECT_TRUE(json.at("none").is_null());
}

}  // namespace
}  // namespace mini_infer::report
