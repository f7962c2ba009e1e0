#include "mini_infer/report/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mini_infer/runtime/memory_planner.h"
#include "planner/problems.h"
#include "support/graph_builder.h"
#include "support/random_graph.h"

namespace mini_infer::test {
namespace {

using core::Status;
using nlohmann::json;
using report::check_certificate;
using report::Evidence;
using report::Verdict;
using ::testing::HasSubstr;

// x -> relu -> a; y = a + sigmoid(a), and outputs a too: three tensors, two of them at once.
std::string small_certificate() {
  GraphBuilder b;
  const graph::ValueId x = b.input("x", {64});
  const graph::ValueId a = b.op("Relu", {x}, {}, "a");
  const graph::ValueId s = b.op("Sigmoid", {a}, {}, "s");
  b.output(a);
  b.output(b.op("Add", {a, s}, {}, "y"));
  const runtime::MemoryPlan plan = runtime::MemoryPlanner().plan(b.share().get());
  return report::certificate_to_json(plan).value();
}

// What the tool would state, had it written this content.
json with_its_hash(json certificate) {
  const Status status = check_certificate(certificate.dump()).status();
  const std::string& message = status.message();
  const std::string before = "its content has ";
  if (const auto at = message.find(before); at != std::string::npos) {
    certificate["hash"] = message.substr(at + before.size(), 16);
  }
  return certificate;
}

void expect_refused(const json& certificate, const std::string& why) {
  const auto verdict = check_certificate(with_its_hash(certificate).dump());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.status().code(), Status::ERROR_INTERNAL) << verdict.status().to_string();
  EXPECT_THAT(verdict.status().message(), HasSubstr(why));
}

void expect_no_certificate(const std::string& text, const std::string& why) {
  const auto verdict = check_certificate(text);
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.status().code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(verdict.status().message(), HasSubstr(why));
}

TEST(Certificate, SaysHowItsClaimsAreKnown) {
  const auto verdict = check_certificate(small_certificate());
  ASSERT_TRUE(verdict.ok()) << verdict.status().to_string();
  EXPECT_EQ(verdict->steps, 3u);
  EXPECT_EQ(verdict->lower_bound, verdict->arena_bytes);
  EXPECT_EQ(verdict->order_bound, verdict->lower_bound);
  EXPECT_EQ(verdict->offsets, Evidence::kBound);
  EXPECT_EQ(verdict->order, Evidence::kBound);
  EXPECT_THAT(verdict->peak_node, HasSubstr("Sigmoid"));
}

TEST(Certificate, OfEveryPlanIsAccepted) {
  constexpr std::uint32_t kGraphs = 500;
  int repeated = 0;
  for (std::uint32_t seed = 0; seed < kGraphs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    runtime::PlanningOptions options;
    options.keep_inputs = seed % 3 == 0;
    options.stage_inputs = seed % 4 != 0;
    options.stage_outputs = seed % 5 != 0;
    options.share_memory = seed % 7 != 0;
    const RandomGraph random = random_graph(seed);
    const runtime::MemoryPlan plan = runtime::MemoryPlanner(options).plan(random.graph.get());
    ASSERT_TRUE(plan.status.ok()) << plan.status.to_string();
    const auto verdict = check_certificate(report::certificate_to_json(plan).value(), true);
    ASSERT_TRUE(verdict.ok()) << verdict.status().to_string();
    EXPECT_EQ(verdict->arena_bytes, plan.total_memory);
    EXPECT_EQ(verdict->offsets != Evidence::kNone, plan.proven_offsets());
    EXPECT_EQ(verdict->order != Evidence::kNone, plan.proven_order());
    EXPECT_NE(verdict->order, Evidence::kTrusted);
    repeated += verdict->order == Evidence::kRepeated ? 1 : 0;
  }
  EXPECT_GT(repeated, 0);
}

TEST(Certificate, ADamagedOneIsNone) {
  std::string text = small_certificate();
  const auto digit = text.find("\"offset\": ") + 10;
  text[digit] = text[digit] == '2' ? '5' : '2';
  expect_no_certificate(text, "the certificate is damaged: it states the hash ");
  expect_no_certificate(text.substr(0, text.size() / 2), "not a certificate");
}

TEST(Certificate, AConsistentEditIsAnotherPlan) {
  json certificate = json::parse(small_certificate());
  certificate["steps"][0]["node"] = "Relu 'another name'";
  EXPECT_TRUE(check_certificate(with_its_hash(certificate).dump()).ok());
}

TEST(Certificate, AWrongPlanIsRefused) {
  const json right = json::parse(small_certificate());

  json overlapping = right;
  for (json& storage : overlapping["arena"]) {  // all of them end at its end
    storage["offset"] = right["claims"]["arena_bytes"].get<int>() - storage["bytes"].get<int>();
  }
  expect_refused(overlapping, "share bytes");

  json early = right;  // a is an output
  for (json& storage : early["arena"]) storage["steps"][1] = storage["steps"][0];
  expect_refused(early, "lower_bound is");

  json unmade = right;
  for (json& step : unmade["steps"]) step["hole"] = {0, 0};
  std::swap(unmade["steps"][0], unmade["steps"][1]);
  expect_refused(unmade, "runs before what makes 'a'");

  json twice = right;
  twice["steps"][1]["outputs"] = twice["steps"][0]["outputs"];
  expect_refused(twice, "makes 'a' again");
}

TEST(Certificate, AClaimThatDoesNotFollowIsRefused) {
  const json right = json::parse(small_certificate());
  const std::int64_t arena = right["claims"]["arena_bytes"];

  json low = right;
  low["claims"]["lower_bound_bytes"] = arena - 256;
  expect_refused(low, "lower_bound is");

  json roomy = right;
  roomy["claims"]["arena_bytes"] = arena + 256;
  expect_refused(roomy, "height is");

  json order = right;
  order["claims"]["order_bound_bytes"] = arena + 256;
  expect_refused(order, "it claims that every order needs");

  json unproven = right;
  unproven["claims"]["order_bound_bytes"] = arena - 256;
  expect_refused(unproven, "it claims that no order is better");
}

TEST(Certificate, WhatIsWrongInATextIsNamed) {
  const json right = json::parse(small_certificate());
  expect_no_certificate("{}", "expected an object whose 'schema' is \"mini-infer.certificate\"");
  expect_no_certificate("[", "not a certificate");

  json missing = right;
  missing.erase("arena");
  expect_no_certificate(missing.dump(), "certificate: key 'arena' is missing");

  json extra = right;
  extra["steps"][1]["comment"] = "none";
  expect_no_certificate(extra.dump(), "certificate.steps[1]: there is no key 'comment'");

  json negative = right;
  negative["arena"][0]["offset"] = -256;
  expect_no_certificate(negative.dump(), "certificate.arena[0].offset: expected a whole number");

  json nowhere = right;
  nowhere["steps"][2]["inputs"][0] = 99;
  expect_no_certificate(nowhere.dump(),
                        "certificate.steps[2].inputs[0]: expected a whole number from 0 to 3, "
                        "found 99");

  json late = right;
  late["arena"][0]["steps"][1] = 3;
  expect_no_certificate(late.dump(), "certificate.arena[0].steps[1]: expected a whole number");

  json row = right;
  row["values"][0]["row_bytes"] = 100;
  expect_no_certificate(row.dump(),
                        "certificate.values[0].row_bytes: expected a number that divides");

  json hash = right;
  hash["plan_hash"] = "c508";
  expect_no_certificate(hash.dump(),
                        "certificate.plan_hash: expected 16 hex digits, found \"c508\"");

  json odd = right;
  odd["alignment"] = 48;
  expect_no_certificate(odd.dump(), "certificate.alignment: expected a power of two, found 48");
}

// Every number of the document, by its path.
void find_numbers(json& part, std::vector<json*>& numbers) {
  if (part.is_number()) numbers.push_back(&part);
  if (!part.is_structured()) return;
  for (json& inner : part) find_numbers(inner, numbers);
}

// A judge that is given any numbers answers; that it does so without overflow and without reading
// what is not there is for the sanitizers to see.
TEST(Certificate, AnyNumbersAreJudged) {
  constexpr int kDocuments = 3000;
  constexpr std::int64_t kLarge = std::int64_t{1} << 59;
  const json right = json::parse(small_certificate());
  planner::Random random(17);
  for (int i = 0; i < kDocuments; ++i) {
    json document = right;
    std::vector<json*> numbers;
    find_numbers(document, numbers);
    for (int changes = random.in(1, 6); changes > 0; --changes) {
      const auto at = random.in(0, static_cast<std::int32_t>(numbers.size()) - 1);
      const std::int64_t wild[] = {0, 1, 2, 3, 255, 256, 512, kLarge, 2 * kLarge - 1, -1};
      *numbers[static_cast<std::size_t>(at)] = wild[random.in(0, 9)];
    }
    document["version"] = right["version"];
    const auto verdict = check_certificate(with_its_hash(document).dump(), i % 8 == 0);
    if (!verdict.ok()) {
      EXPECT_FALSE(verdict.status().message().empty());
    }
  }
}

TEST(Certificate, SumsThatLeave64BitsAreNone) {
  json many = json::parse(small_certificate());
  const std::int64_t large = std::int64_t{1} << 58;
  for (json& storage : many["arena"]) storage["bytes"] = large;
  for (int i = 0; i < 8; ++i) many["arena"].push_back(many["arena"][0]);
  expect_no_certificate(many.dump(), "bytes: expected ");
}

// Whatever is done to the text: an error, or the same plan.
TEST(Certificate, MutatedTextsAreNoPlans) {
  constexpr int kMutations = 20000;
  const std::string right = small_certificate();
  const std::string hash = check_certificate(right)->hash;
  planner::Random random(11);
  for (int i = 0; i < kMutations; ++i) {
    std::string text = right;
    for (int changes = random.in(1, 3); changes > 0; --changes) {
      const auto at =
          static_cast<std::size_t>(random.in(0, static_cast<std::int32_t>(text.size()) - 1));
      const auto length = static_cast<std::size_t>(random.in(1, 20));
      switch (random.in(0, 2)) {
        case 0:
          text[at] = "0123456789-{}[]\",:ae "[random.in(0, 20)];
          break;
        case 1:
          text.erase(at, length);
          break;
        default:
          text.insert(at, text.substr(at / 2, length));
      }
    }
    const auto verdict = check_certificate(text);
    if (verdict.ok()) {
      EXPECT_EQ(verdict->hash, hash) << text;
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
