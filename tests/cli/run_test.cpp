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

TEST(Run, TheOnlyInputNeedsNoNameAndRandomNoSeed) {
  const std::string file = lenet5() / "test_data_set_0/input_0.pb";
  const CommandResult result = mini_infer({"run", lenet5_model(), "--input", file, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json().at("outputs").at(0).at("argmax").at(7), 7);
  const auto outputs = [](const std::vector<std::string>& line) {
    const CommandResult random = mini_infer(line);
    EXPECT_EQ(random.exit_code, 0) << random.err;
    return random.json().at("outputs");
  };
  const auto zero = outputs({"run", lenet5_model(), "--random=0", "--json"});
  EXPECT_EQ(outputs({"run", "--random", lenet5_model(), "--json"}), zero);
  EXPECT_EQ(outputs({"run", lenet5_model(), "--json", "--random"}), zero);
}

TEST(Run, LoadsBareElements) {
  const TempFolder folder;
  const std::string file = folder.write("zeros.bin", std::string(28 * 28 * 4, '\0'));
  const CommandResult result =
      mini_infer({"run", lenet5_model(), "--loadInputs=image:" + file, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json().at("outputs").at(0).at("shape"), nlohmann::json({1, 10}));
  const CommandResult cut =
      mini_infer({"run", lenet5_model(), "--loadInputs=image:" + file, "--shapes=image:2x1x28x28"});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_THAT(cut.err, HasSubstr("expected the 6272 bytes of float32[2,1,28,28], found 3136"));
  EXPECT_EQ(mini_infer({"run", lenet5_model(), "--loadInputs=other:" + file}).exit_code, 1);
}

// A name may hold what separates names from files and from shapes.
TEST(Run, NamesMayHoldAnything) {
  const TempFolder folder;
  constexpr const char* kOdd = "a=b,c:0";
  const std::string odd = kOdd;
  const auto model = folder.write("odd.onnx", ModelWriter()
                                                  .input(kOdd, DataType::kFloat32, {2})
                                                  .input("x", DataType::kFloat32, {2})
                                                  .node("Add", {kOdd, "x"}, {"y"})
                                                  .output("y", DataType::kFloat32, {2})
                                                  .bytes());
  const auto file =
      folder.write("in.pb", TensorWriter("t", DataType::kFloat32, {2}).raw<float>({1, 2}).bytes());
  const CommandResult result =
      mini_infer({"run", model, "--input", odd + "=" + file.string(), "--input",
                  "x=" + file.string(), "--shapes", odd + ":2,x:2", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json().at("outputs").at(0).at("max"), 4);
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
