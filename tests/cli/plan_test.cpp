#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/command.h"
#include "importers/model_writer.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOneDigit = "--shapes=image:1x1x28x28";

nlohmann::json plan(std::vector<std::string> options) {
  options.insert(options.begin(), {"plan", lenet5_model(), kOneDigit, "--json"});
  const CommandResult result = mini_infer(options);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  return result.json();
}

TEST(Plan, JsonHasItsKeys) {
  const auto json = plan({});
  EXPECT_EQ(json.at("schema"), "mini-infer.plan");
  EXPECT_EQ(json.at("version"), 1);
  for (const char* key :
       {"weights_bytes", "arena_bytes", "lower_bound_bytes", "gap_bytes", "unshared_bytes",
        "saving_ratio", "proven_offsets", "offsets_proof", "proven_order", "order_proof",
        "order_bound_bytes", "windows", "bound_without_windows_bytes", "plan_hash", "peak", "pools",
        "bound", "steps", "milliseconds"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json.at("pools").at(0).at("size_bytes"), json.at("arena_bytes"));
  EXPECT_LE(json.at("lower_bound_bytes"), json.at("arena_bytes"));
  EXPECT_GT(json.at("saving_ratio"), 0.31);
}

TEST(Plan, DescribesEveryValue) {
  const auto json = plan({});
  const auto values = json.at("values");
  const auto& input = values.at(0);
  EXPECT_EQ(input.at("name"), "image");
  EXPECT_EQ(input.at("type"), "float32");
  EXPECT_EQ(input.at("shape"), nlohmann::json({1, 1, 28, 28}));
  EXPECT_EQ(input.at("producer"), nullptr);
  EXPECT_EQ(input.at("readers"), nlohmann::json::array({0}));
  EXPECT_TRUE(json.contains("model_name"));
  int outputs = 0;
  for (const auto& value : values) {
    if (value.contains("output")) ++outputs;
    if (value.at("producer").is_number()) {
      EXPECT_LT(value.at("producer"), json.at("steps").size());
    }
  }
  EXPECT_EQ(outputs, 1);
}

TEST(Plan, IsTheSameEachTimeAndWithADevice) {
  auto first = plan({}), second = plan({}), bound = plan({"--device=cpu"});
  EXPECT_EQ(bound.at("plan_hash"), first.at("plan_hash"));
  first.erase("milliseconds");
  second.erase("milliseconds");
  EXPECT_EQ(first, second);
}

TEST(Plan, NoDeviceChangesIt) {
  const auto none = plan({});
  for (const char* device : {"--device=cpu", "--device=cuda"}) {
    const auto with = plan({device});
    EXPECT_EQ(with.at("plan_hash"), none.at("plan_hash"));
    EXPECT_EQ(with.at("arena_bytes"), none.at("arena_bytes"));
  }
}

TEST(Plan, WithADeviceTheStepsNameTheirKernels) {
  const auto none = plan({"--device=none"}), bound = plan({"--device=cpu"});
  EXPECT_EQ(none.at("kernels_hash"), "");
  EXPECT_EQ(bound.at("kernels_hash").get<std::string>().size(), 16u);
  EXPECT_FALSE(none.at("steps").at(0).contains("kernel"));
  EXPECT_EQ(bound.at("steps").at(0).at("kernel"), "indirect product");
  EXPECT_EQ(bound.at("steps").at(0).at("workspace_taken_bytes"), 0);
  const CommandResult text =
      mini_infer({"plan", lenet5_model(), kOneDigit, "--device=cpu", "--steps"});
  EXPECT_THAT(text.out, HasSubstr("indirect product  mini_infer.Conv 'conv1'"));
}

TEST(Plan, WithoutSharingNothingIsSaved) {
  const auto shared = plan({}), unshared = plan({"--no-sharing"});
  EXPECT_EQ(unshared.at("saving_ratio"), 0);
  EXPECT_EQ(unshared.at("arena_bytes"), shared.at("unshared_bytes"));
  EXPECT_NE(unshared.at("plan_hash"), shared.at("plan_hash"));
}

TEST(Plan, CheckingPassesChangesNothing) {
  EXPECT_EQ(plan({"--check-passes"}).at("plan_hash"), plan({}).at("plan_hash"));
}

// The CPU computes the check, and has no convolution of 16 bits.
TEST(Plan, WhatTheCpuCannotComputeCannotBeChecked) {
  const CommandResult result =
      mini_infer({"plan", lenet5_model(), kOneDigit, "--check-passes", "--precision", "fp16"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("checking passes"));
  EXPECT_THAT(result.err, HasSubstr("after the pass 'precision'"));
  EXPECT_THAT(result.err, HasSubstr("Conv 'conv1'"));
}

TEST(Plan, PassesAndAlignmentChangeIt) {
  EXPECT_GT(plan({"--passes=none"}).at("steps").size(), plan({}).at("steps").size());
  EXPECT_EQ(plan({"--alignment=64"}).at("pools").at(0).at("alignment"), 64);
}

// Two branches, each wide for a moment: one after the other, unless the order is to stay.
TEST(Plan, KeepsTheModelsOrderIfAsked) {
  const TempFolder folder;
  const auto model = folder.write(
      "model.onnx",
      ModelWriter()
          .input("x", DataType::kFloat32, {1, 256})
          .initialiser(TensorWriter("times", DataType::kInt64, {2}).raw<std::int64_t>({64, 256}))
          .node("Expand", {"x", "times"}, {"wide_a"})
          .node("Expand", {"x", "times"}, {"wide_b"})
          .node("ReduceMax", {"wide_a"}, {"a"})
          .node("ReduceMax", {"wide_b"}, {"b"})
          .node("Add", {"a", "b"}, {"y"})
          .output("y", DataType::kFloat32, {1, 1})
          .bytes());
  const auto planned = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"plan", model, "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = mini_infer(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.json();
  };
  const auto best = planned({}), kept = planned({"--keep-order"});
  EXPECT_EQ(best.at("order_proof"), "by_search");
  EXPECT_EQ(best.at("order_bound_bytes"), best.at("lower_bound_bytes"));
  EXPECT_EQ(kept.at("order_proof"), "none");
  EXPECT_LE(kept.at("order_bound_bytes"), best.at("order_bound_bytes"));
  EXPECT_EQ(kept.at("lower_bound_bytes").get<int>() - best.at("lower_bound_bytes").get<int>(),
            64 * 1024 - 256);
  EXPECT_EQ(kept.at("steps").at(1).at("op"), "Expand");
}

TEST(Plan, SaysWhatLiesInsideOthersAndWhatThatSaves) {
  const TempFolder folder;
  const auto model = folder.write(
      "model.onnx", ModelWriter()
                        .input("x", DataType::kFloat32, {1, 256})
                        .node("Relu", {"x"}, {"a"})
                        .node("Sigmoid", {"x"}, {"b"})
                        .node("Concat", {"a", "b", "x"}, {"all"}, {attribute("axis", 1)})
                        .node("ReduceMax", {"all"}, {"y"})
                        .output("y", DataType::kFloat32, {1, 1})
                        .bytes());
  const auto planned = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"plan", model};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = mini_infer(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  };
  const auto with = planned({"--json"}).json();
  ASSERT_EQ(with.at("windows").size(), 1u);
  EXPECT_EQ(with.at("windows").at(0).at("op"), "Concat");
  EXPECT_EQ(with.at("windows").at(0).at("tensors"), 2);
  EXPECT_EQ(with.at("windows").at(0).at("copied_tensors"), 1);
  EXPECT_EQ(with.at("windows").at(0).at("saved_bytes"), 2048);
  EXPECT_THAT(planned({}).out, HasSubstr("windows      2 tensors lie inside others, not copied, "
                                         "2.00 KB less at the peak"));
  for (const char* kinds : {"--windows=none", "--windows=slice,split"}) {
    const auto without = planned({"--json", kinds}).json();
    EXPECT_TRUE(without.at("windows").empty());
    EXPECT_EQ(without.at("lower_bound_bytes"), with.at("bound_without_windows_bytes"));
  }
  const CommandResult unknown = mini_infer({"plan", model, "--windows=concat,gather"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("there are no windows of 'gather'"));
}

bool has_no_cudnn(const CommandResult& result) {
  return result.err.find("no CUDA backend") != std::string::npos ||
         result.err.find("was built without cuDNN") != std::string::npos;
}

// Of a GPU that is not here: what cuDNN says of it, where the build has it.
TEST(Plan, NamesTheKernelsOfAGpuByItsProperties) {
  const char* data = std::getenv("MINI_INFER_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "MINI_INFER_TEST_DATA names no folder";
  const std::string properties = std::string(data) + "/devices/h200.json";
  const std::vector<std::string> arguments = {"plan",          lenet5_model(),        kOneDigit,
                                              "--device=cuda", "--device-properties", properties,
                                              "--json"};
  const CommandResult result = mini_infer(arguments);
  if (has_no_cudnn(result)) GTEST_SKIP() << result.err;
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto bound = result.json(), none = plan({});
  EXPECT_EQ(bound.at("plan_hash"), none.at("plan_hash"));
  EXPECT_EQ(mini_infer(arguments).json().at("kernels_hash"), bound.at("kernels_hash"));
  int by_libraries = 0, chosen_there = 0;
  for (const auto& step : bound.at("steps")) {
    if (!step.contains("kernel")) continue;
    ++by_libraries;
    const std::string kernel = step.at("kernel");
    chosen_there += kernel == "cuBLASLt: chosen on the device" ? 1 : 0;
    EXPECT_LE(step.at("workspace_taken_bytes"), step.at("workspace_wanted_bytes"));
    EXPECT_LE(step.at("workspace_taken_bytes").get<std::size_t>(),
              std::max<std::size_t>(1024, step.at("hole_bytes").get<std::size_t>()));
  }
  EXPECT_GT(chosen_there, 0);             // Gemm
  EXPECT_GT(by_libraries, chosen_there);  // Conv
}

TEST(Plan, PropertiesThatAreNoneAreAWrongArgument) {
  const TempFolder folder;
  const std::string file = folder.write("gpu.json", "{\"deviceName\": \"none\"}");
  const auto expect_wrong = [&](const std::vector<std::string>& options, const std::string& why) {
    std::vector<std::string> arguments = {"plan", lenet5_model(), kOneDigit};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = mini_infer(arguments);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  expect_wrong({"--device=cuda", "--fallback=cpu"}, "--device-properties beside it");
  expect_wrong({"--device-properties", file}, "expected --device cuda beside it");
  expect_wrong({"--device=cuda", "--device-properties", "/nowhere/gpu.json"},
               "/nowhere/gpu.json: cannot be read");
  const CommandResult bogus =
      mini_infer({"plan", lenet5_model(), kOneDigit, "--device=cuda", "--device-properties", file});
  EXPECT_NE(bogus.exit_code, 0);
  EXPECT_TRUE(has_no_cudnn(bogus) ||
              bogus.err.find("expected the JSON that cuDNN writes") != std::string::npos)
      << bogus.err;
}

// Ten axes that cannot be merged are more than a kernel of CUDA walks along.
TEST(Plan, SaysWhatTheCpuComputesInAGpusStead) {
  const char* data = std::getenv("MINI_INFER_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "MINI_INFER_TEST_DATA names no folder";
  const std::vector<Extent> extents(10, 2);
  const TempFolder folder;
  const auto turned = attribute("perm", std::vector<std::int64_t>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  const std::string model =
      folder.write("model.onnx", ModelWriter()
                                     .input("x", DataType::kFloat32, extents)
                                     .node("Relu", {"x"}, {"a"})
                                     .node("Transpose", {"a"}, {"y"}, {turned})
                                     .output("y", DataType::kFloat32, extents)
                                     .bytes());
  std::vector<std::string> arguments = {"plan", model, "--device=cuda", "--device-properties",
                                        std::string(data) + "/devices/h200.json"};
  const CommandResult refused = mini_infer(arguments);
  if (has_no_cudnn(refused)) GTEST_SKIP() << refused.err;
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("Transpose"));
  arguments.push_back("--fallback=cpu");
  const CommandResult text = mini_infer(arguments);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("on the CPU   Transpose 'Transpose_1', copies 8.00 KB"));
  arguments.push_back("--json");
  const auto json = mini_infer(arguments).json();
  EXPECT_EQ(json.at("fallback").at("steps"), 1);
  EXPECT_EQ(json.at("fallback").at("copied_bytes"), 8192);
  EXPECT_EQ(json.at("fallback").at("host_bytes"), 8192);
  EXPECT_EQ(json.at("steps").at(1).at("on_cpu"), true);
  EXPECT_FALSE(json.at("steps").at(0).contains("on_cpu"));
}

std::string unary_model(const std::string& op, std::int64_t extent) {
  return ModelWriter()
      .input("x", DataType::kFloat32, {extent})
      .node(op, {"x"}, {"y"})
      .output("y", DataType::kFloat32, {extent})
      .bytes();
}

// x and y of each are 4 KB: what is handed on is not there twice, and is overwritten in place.
TEST(Plan, OfModelsInSequenceIsOneTimeline) {
  const TempFolder folder;
  const std::string first = folder.write("first.onnx", unary_model("Relu", 1024));
  const std::string second = folder.write("second.onnx", unary_model("Sigmoid", 1024));
  const CommandResult result =
      mini_infer({"plan", first, "--then", second, "--hand-off", "first/y=second/x", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto plan = result.json();
  EXPECT_EQ(plan.at("arena_bytes"), 4096);
  EXPECT_EQ(plan.at("steps").at(1).at("node"), "second/Sigmoid_0");
  const CommandResult again =
      mini_infer({"plan", first, "--then", first, "--hand-off", "first/y=first_2/x"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST(Plan, HandOffsThatCannotBeAreWrongArguments) {
  const TempFolder folder;
  const std::string first = folder.write("first.onnx", unary_model("Relu", 8));
  const std::string second = folder.write("second.onnx", unary_model("Sigmoid", 9));
  const auto expect_wrong = [&](const std::string& hand_off, const std::string& why) {
    const CommandResult result =
        mini_infer({"plan", first, "--then", second, "--hand-off", hand_off});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  expect_wrong("first/y", "expected STAGE/OUTPUT=STAGE/INPUT, found 'first/y'");
  expect_wrong("first/y=third/x", "a stage is one of first, second, found 'third/x'");
  expect_wrong("first/z=second/x", "stage 'first' has no output 'z'");
  expect_wrong("first/y=second/x", "expected shape [9], was given [8]");
}

TEST(Plan, EndsWith4AboveTheMemoryLimit) {
  const CommandResult result =
      mini_infer({"plan", lenet5_model(), kOneDigit, "--memory-limit=10000"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("more than the arena limit of 10000"));
  EXPECT_THAT(result.err, HasSubstr("'pool1' (mini_infer.MaxPool), where these are alive"));
  EXPECT_EQ(plan({"--memory-limit=17408"}).at("arena_bytes"), 17408);
  EXPECT_EQ(mini_infer({"run", lenet5_model(), kOneDigit, "--random=0", "--memory-limit=10000"})
                .exit_code,
            4);
}

TEST(Plan, TextNamesThePeakAndTheProof) {
  const CommandResult result = mini_infer({"plan", lenet5_model(), kOneDigit});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* title : {"arena ", "weights ", "lower bound ", "offsets ", "peak ", "hash "}) {
    EXPECT_THAT(result.out, HasSubstr(title));
  }
}

TEST(Plan, AnInputThatDecidesShapesIsReadFromAFile) {
  const TempFolder folder;
  const auto model = folder.write("model.onnx", ModelWriter()
                                                    .input("x", DataType::kFloat32, {2, 6})
                                                    .input("shape", DataType::kInt64, {2})
                                                    .node("Reshape", {"x", "shape"}, {"y"})
                                                    .output("y", DataType::kFloat32, {"", ""})
                                                    .bytes());
  const CommandResult refused = mini_infer({"plan", model});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--input shape=FILE"));
  const auto shape = folder.write(
      "shape.pb",
      TensorWriter("shape", DataType::kInt64, {2}).raw(std::vector<std::int64_t>{3, 4}).bytes());
  const CommandResult planned = mini_infer({"plan", model, "--input", "shape=" + shape.string()});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
}

}  // namespace
}  // namespace mini_infer::test
