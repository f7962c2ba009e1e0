#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "cli/command.h"
#include "importers/model_writer.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kOneDigit = "--shapes=image:1x1x28x28";

nlohmann::json parsed(const std::filesystem::path& file) {
  return nlohmann::json::parse(std::ifstream(file));
}

// The tool finds an emulated CUDA device, or none.
class Devices : public testing::Test {
 protected:
  static void use_library(const char* path) { ::setenv("MINI_INFER_CUDA_LIBRARY", path, 1); }
  Devices() { use_library(MINI_INFER_BINARY_DIR "/libmini_infer_cuda_emulated.so"); }
  ~Devices() override {
    if (before_) {
      use_library(before_->c_str());
    } else {
      ::unsetenv("MINI_INFER_CUDA_LIBRARY");
    }
  }

  static nlohmann::json planned(std::vector<std::string> options) {
    options.insert(options.begin(), "plan");
    options.emplace_back("--json");
    const CommandResult result = mini_infer(options);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.json().at("devices");
  }

 private:
  static std::optional<std::string> variable() {
    const char* value = std::getenv("MINI_INFER_CUDA_LIBRARY");
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }
  std::optional<std::string> before_ = variable();
};

TEST_F(Devices, AreListed) {
  const CommandResult result = mini_infer({"devices", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = result.json();
  EXPECT_EQ(json.at("schema"), "mini-infer.devices");
  EXPECT_EQ(json.at("devices").at(0).at("device"), "cpu");
  EXPECT_EQ(json.at("devices").at(1).at("name"), "cuda:0 (emulated)");
  EXPECT_THAT(json.at("known_properties"), Contains("h200"));
  EXPECT_THAT(mini_infer({"devices"}).out,
              AllOf(HasSubstr("cuda:0 (emulated)"), HasSubstr("h200")));

  use_library("/nowhere/library.so");
  const auto none = mini_infer({"devices", "--json"}).json();
  EXPECT_EQ(none.at("devices").size(), 1u);
  EXPECT_THAT(std::string(none.at("no_cuda")), HasSubstr("/nowhere/library.so"));
}

// What is written has the keys that cuDNN asks for, as the files that come with the tool do.
TEST_F(Devices, WriteWhatIsKnownOfThem) {
  const TempFolder folder;
  const std::string file = folder / "gpu.json";
  const CommandResult written = mini_infer({"devices", "--write-properties", file});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const auto own = parsed(file);
  EXPECT_EQ(own.at("deviceName"), "emulated");
  EXPECT_EQ(own.at("multiProcessorCount"), 2);
  const auto listed = mini_infer({"devices", "--json"}).json();
  for (const auto& name : listed.at("known_properties")) {
    const auto known =
        parsed(MINI_INFER_BINARY_DIR "/devices/" + name.get<std::string>() + ".json");
    EXPECT_EQ(known.size(), own.size()) << name;
    for (const auto& [key, value] : known.items()) {
      ASSERT_TRUE(own.contains(key)) << name << " " << key;
      EXPECT_EQ(value.type(), own.at(key).type()) << name << " " << key;
    }
  }
  EXPECT_EQ(mini_infer({"devices", "--write-properties", file, "--device-index=7"}).exit_code, 1);
}

TEST_F(Devices, AKnownOneIsMeantByItsName) {
  const CommandResult unknown =
      mini_infer({"plan", lenet5_model(), kOneDigit, "--device=cuda", "--device-properties=h2000"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("h2000: cannot be read; expected a file of device properties, "
                                     "or one of the devices a100-sxm-40gb, h100-sxm, h200, t4"));
}

TEST_F(Devices, APlanSaysWhichOnesCanRunIt) {
  const auto devices = planned({lenet5_model(), kOneDigit});
  EXPECT_EQ(devices.at(0), nlohmann::json({{"device", "cpu"}, {"runs", true}}));
  EXPECT_EQ(devices.at(1), nlohmann::json({{"device", "cuda"}, {"runs", true}}));
  // The CPU has no Conv of 16 bits.
  const auto half = planned({lenet5_model(), kOneDigit, "--precision=fp16"});
  EXPECT_EQ(half.at(0).at("runs"), false);
  EXPECT_THAT(std::string(half.at(0).at("reason")), HasSubstr("type float16 is not supported"));
  EXPECT_EQ(half.at(1).at("runs"), true);
  EXPECT_THAT(
      mini_infer({"plan", lenet5_model(), kOneDigit, "--precision=fp16"}).out,
      AllOf(HasSubstr("runs on      cuda\n"), HasSubstr("not cpu: mini_infer.Conv 'conv1'")));

  use_library("/nowhere/library.so");
  EXPECT_EQ(planned({lenet5_model(), kOneDigit}).at(1).at("runs"), nullptr);
  EXPECT_THAT(mini_infer({"plan", lenet5_model(), kOneDigit}).out,
              HasSubstr("runs on      cpu (cuda is not known here)\n"));
}

TEST_F(Devices, APlanOfWhatNoneCanRunSaysSo) {
  const TempFolder folder;
  const auto model = folder.write("fp8.onnx", ModelWriter()
                                                  .input("x", DataType::kFloat8E4M3FN, {4})
                                                  .node("Abs", {"x"}, {"y"})
                                                  .output("y", DataType::kFloat8E4M3FN, {4})
                                                  .bytes());
  const CommandResult result = mini_infer({"plan", model});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("runs on      no device\n"), HasSubstr("not cpu: Abs"),
                                HasSubstr("not cuda: Abs")));
}

}  // namespace
}  // namespace mini_infer::test
