#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.h"
#include "importers/model_writer.h"
#include "importers/temp_folder.h"
#include "importers/tensor_file.h"

namespace mini_infer::test {
namespace {

using ::testing::HasSubstr;

std::string digits_input() { return "image=" + (lenet5() / "test_data_set_0/input_0.pb").string(); }

TEST(Run, RecognisesTheDigitsAndWritesTheirScores) {
  const TempFolder folder;
  const std::string output_dir = folder / "made/for/this";
  const CommandResult result = mini_infer(
      {"run", lenet5_model(), "--input", digits_input(), "--output-dir", output_dir, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto output = result.json().at("outputs").at(0);
  EXPECT_EQ(result.json().at("schema"), "mini-infer.run");
  EXPECT_EQ(output.at("name"), "logits");
  EXPECT_EQ(output.at("shape"), nlohmann::json({10, 10}));
  EXPECT_EQ(output.at("argmax"), nlohmann::json({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));

  const auto written = importers::read_tensor(output_dir + "/logits.npy");
  ASSERT_TRUE(written.ok()) << written.status().message();
  EXPECT_EQ(written->type(), core::DataType::kFloat32);
  EXPECT_EQ(written->shape(), core::Shape({10, 10}));
}

TEST(Run, ReadsWhatItWroteAndSpeaksToPeople) {
  const TempFolder folder;
  const auto image = importers::read_tensor(lenet5() / "test_data_set_0/input_0.pb");
  ASSERT_TRUE(image.ok());
  ASSERT_TRUE(importers::write_npy(folder / "image.npy", *image).ok());
  const CommandResult result =
      mini_infer({"run", lenet5_model(), "--input", "image=" + (folder / "image.npy").string(),
                  "--profile", "--poison"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("logits float32[10,10]"));
  EXPECT_THAT(result.out, HasSubstr("argmax of each row: 0 1 2 3 4 5 6 7 8 9"));
  EXPECT_THAT(result.out, HasSubstr("conv1"));
}

TEST(Run, RandomInputsMustBeAskedFor) {
  const std::vector<std::string> line = {"run", lenet5_model(), "--shapes=image:2x1x28x28",
                                         "--json"};
  const CommandResult refused = mini_infer(line);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--random"));
  auto outputs = [&](const char* seed) {
    auto with_seed = line;
    with_seed.insert(with_seed.end(), {"--random", seed});
    return mini_infer(with_seed).json().at("outputs");
  };
  EXPECT_EQ(outputs("7"), outputs("7"));
  EXPECT_NE(outputs("7"), outputs("8"));
}

TEST(Run, AnInputOfTheWrongTypeIsRefused) {
  const CommandResult result = mini_infer(
      {"run", lenet5_model(), "--input", "image=" + (lenet5() / "heldout_images.npy").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("was given uint8[360,1,28,28]"));
}

TEST(Run, OutputNamesBecomeSafeFileNames) {
  const TempFolder folder;
  const auto model = folder.write("model.onnx", ModelWriter()
                                                    .input("x", DataType::kFloat32, {4})
                                                    .node("Relu", {"x"}, {"../y"})
                                                    .node("Neg", {"x"}, {".. y"})
                                                    .output("../y", DataType::kFloat32, {4})
                                                    .output(".. y", DataType::kFloat32, {4})
                                                    .bytes());
  const CommandResult result =
      mini_infer({"run", model, "--random=0", "--output-dir", folder / "out"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "out/_.._y.npy"));
  EXPECT_TRUE(std::filesystem::exists(folder / "out/_.._y_1.npy"));
}

}  // namespace
}  // namespace mini_infer::test
