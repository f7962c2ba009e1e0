#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/command.h"
#include "importers/model_writer.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// An error is one line that says whose it is.
void expect_error(const CommandResult& result, int exit_code, const std::string& text) {
  EXPECT_EQ(result.exit_code, exit_code);
  EXPECT_THAT(result.err,
              AllOf(StartsWith("mini-infer: error: "), HasSubstr(text), EndsWith("\n")));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST(Usage, VersionAndHelpSucceed) {
  const CommandResult version = mini_infer({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, StartsWith("mini-infer "));
  for (const char* verb : {"plan", "run", "verify", "bench", "inspect"}) {
    const CommandResult help = mini_infer({verb, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out, AllOf(HasSubstr("Examples:"), HasSubstr("--json")));
    EXPECT_THAT(help.err, IsEmpty());
  }
}

TEST(Usage, AWrongLineIsRefusedWithAHint) {
  expect_error(mini_infer({}), 1, "see 'mini-infer --help'");
  expect_error(mini_infer({"frobnicate"}), 1, "frobnicate");
  expect_error(mini_infer({"pln"}), 1, "did you mean 'plan'?");
  expect_error(mini_infer({"plan", lenet5_model(), "--shape=1x1x28x28"}), 1,
               "did you mean '--shapes'?");
  expect_error(mini_infer({"plan"}), 1, "MODEL is required (see 'mini-infer plan --help')");
  expect_error(mini_infer({"plan", lenet5_model(), "--frobnicate"}), 1, "--frobnicate");
  expect_error(mini_infer({"run", lenet5_model(), "--input", "image"}), 1, "NAME=FILE");
}

TEST(Usage, NumbersAreChecked) {
  expect_error(mini_infer({"plan", lenet5_model(), "--alignment", "48"}), 1, "--alignment");
  expect_error(mini_infer({"verify", lenet5(), "--rtol", "nan"}), 1, "--rtol");
  expect_error(mini_infer({"bench", lenet5_model(), "--percentile", "101"}), 1, "from 0 to 100");
  expect_error(mini_infer({"bench", lenet5_model(), "--threads", "-1"}), 1, "--threads");
  expect_error(mini_infer({"run", lenet5_model(), "--instructions", "mmx"}), 1, "--instructions");
}

TEST(Usage, AnUnknownPassIsNamedWithThoseThatExist) {
  expect_error(mini_infer({"plan", lenet5_model(), "--passes", "layout,magic"}), 1,
               "there is no pass 'magic'; the passes are ");
  expect_error(mini_infer({"inspect", lenet5_model(), "--shapes=image:1x1x28x28", "--after=magic"}),
               1, "there is no optimiser pass 'magic'; the passes are fold-constants");
}

TEST(Usage, ShapesAreAskedForAndChecked) {
  expect_error(mini_infer({"plan", lenet5_model(), "--shapes=image"}), 1, "found 'image'");
  expect_error(mini_infer({"plan", lenet5_model(), "--shapes=x:1x1x28x28"}), 1, "'x'");
  expect_error(mini_infer({"plan", lenet5_model(), "--shapes=image:1x3x28x28"}), 1,
               "expected shape [N,1,28,28], was given [1,3,28,28]");
}

TEST(Usage, WhatIsWrongWithTheModelHasItsOwnCodes) {
  const TempFolder folder;
  expect_error(mini_infer({"plan", folder.write("text.onnx", "not a model")}), 2, "text.onnx");
  const std::string unsupported = ModelWriter()
                                      .input("x", DataType::kFloat32, {4})
                                      .node("Frobnicate", {"x"}, {"y"})
                                      .output("y", DataType::kFloat32, {4})
                                      .bytes();
  expect_error(mini_infer({"plan", folder.write("frob.onnx", unsupported)}), 3, "Frobnicate");
}

TEST(Usage, AFileThatIsMissingIsTheCallersMistake) {
  expect_error(mini_infer({"plan", "missing.onnx"}), 1, "missing.onnx");
  expect_error(mini_infer({"run", lenet5_model(), "--input", "image=missing.npy"}), 1,
               "missing.npy");
}

TEST(Usage, ErrorsComeAsJsonToo) {
  const CommandResult result = mini_infer({"plan", "missing.onnx", "--json"});
  expect_error(result, 1, "missing.onnx");
  EXPECT_EQ(result.json().at("schema"), "mini-infer.error");
  EXPECT_EQ(result.json().at("error").at("exit_code"), 1);
  EXPECT_EQ(result.json().at("error").at("code"), "input/output error");
  EXPECT_THAT(std::string(result.json().at("error").at("message")), HasSubstr("missing.onnx"));
  EXPECT_EQ(mini_infer({"plan", "--json"}).json().at("error").at("exit_code"), 1);
}

TEST(Usage, VerboseLogsToStderr) {
  const CommandResult result =
      mini_infer({"plan", lenet5_model(), "--shapes=image:1x1x28x28", "-v"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("mini-infer: info: [MemoryPlanner]"));
  const CommandResult more =
      mini_infer({"plan", lenet5_model(), "--shapes=image:1x1x28x28", "-vv"});
  EXPECT_EQ(more.exit_code, 0);
  EXPECT_THAT(more.err, HasSubstr("mini-infer: debug: [Optimizer] fuse-epilogue: "));
  EXPECT_THAT(more.err, HasSubstr("mini-infer: debug: [MemoryPlanner] relu1_nhwc: 13824 bytes"));
}

TEST(Usage, SizesMayHaveUnits) {
  const auto exit_code = [](const char* limit) {
    return mini_infer({"plan", lenet5_model(), "--memory-limit", limit}).exit_code;
  };
  EXPECT_EQ(exit_code("17KB"), 0);
  EXPECT_EQ(exit_code("17KiB"), 0);
  EXPECT_EQ(exit_code("16kb"), 4);
  EXPECT_EQ(exit_code("17407"), 4);
  EXPECT_EQ(exit_code("18 parsecs"), 1);
  EXPECT_EQ(exit_code("-1"), 1);
}

// Where an extent is not given, one comes first; else it must be given.
TEST(Usage, AFirstExtentThatIsNotGivenIsOne) {
  const CommandResult one = mini_infer({"plan", lenet5_model(), "--json"});
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_EQ(one.err,
            "mini-infer: input 'image' float32[N,1,28,28]: N is taken as 1 (--shapes=N=8 "
            "would take 8)\n");
  for (const char* shape : {"image:8x1x28x28", "8,1,28,28", "N=8"}) {
    const CommandResult eight = mini_infer({"plan", lenet5_model(), "--json", "--shapes", shape});
    EXPECT_EQ(eight.exit_code, 0) << eight.err;
    EXPECT_THAT(eight.err, IsEmpty());
    EXPECT_EQ(eight.json().at("values").at(0).at("shape"), nlohmann::json({8, 1, 28, 28}));
  }
  expect_error(mini_infer({"plan", lenet5_model(), "--shapes=M=8"}), 1,
               "no input has a symbol 'M'; there are N");
}

TEST(Usage, TensorRtsSpellingsAreUnderstood) {
  const auto hash = [](std::vector<std::string> options) {
    options.insert(options.begin(), {"plan", "--json"});
    const CommandResult result = mini_infer(options);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.json().at("plan_hash");
  };
  const std::string model = lenet5_model();
  EXPECT_EQ(hash({"--onnx=" + model, "--fp16"}), hash({model, "--precision=fp16"}));
  EXPECT_NE(hash({"--onnx=" + model, "--bf16"}), hash({model}));
  EXPECT_EQ(mini_infer({"plan", model, "--bf16", "--fp16"}).exit_code, 1);
  EXPECT_EQ(mini_infer({"plan", model, "--fp16", "--precision=fp32"}).exit_code, 1);
}

}  // namespace
}  // namespace mini_infer::test
