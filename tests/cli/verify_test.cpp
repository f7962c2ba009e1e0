#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/command.h"
#include "importers/model_writer.h"
#include "importers/temp_folder.h"
#include "importers/tensor_file.h"

namespace mini_infer::test {
namespace {

using std::filesystem::path;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A test folder of y = Relu(x) on [-1, 2]; what it expects is up to the test.
void write_relu_folder(const path& folder, const std::vector<float>& expected,
                       const std::string& op = "Relu") {
  std::filesystem::create_directories(folder / "test_data_set_0");
  auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  write("model.onnx", ModelWriter()
                          .input("x", DataType::kFloat32, {2})
                          .node(op, {"x"}, {"y"})
                          .output("y", DataType::kFloat32, {2})
                          .bytes());
  auto tensor = [](const char* name, const std::vector<float>& values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return TensorWriter(name, DataType::kFloat32, {count}).raw(values).bytes();
  };
  write("test_data_set_0/input_0.pb", tensor("x", {-1, 2}));
  write("test_data_set_0/output_0.pb", tensor("y", expected));
}

TEST(Verify, PassesOnLenet5) {
  const CommandResult result =
      mini_infer({"verify", lenet5(), "--json", "--poison", "--check-passes"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  EXPECT_EQ(result.json().at("schema"), "mini-infer.verify");
  EXPECT_EQ(result.json().at("passed"), 1);
  EXPECT_EQ(result.json().at("folders").at(0).at("result"), "passed");
  EXPECT_LT(result.json().at("folders").at(0).at("relative_error"), 1e-5);
}

TEST(Verify, FailsOnATamperedOutput) {
  const TempFolder folder;
  std::filesystem::copy(lenet5(), folder / "lenet5", std::filesystem::copy_options::recursive);
  const path output = folder / "lenet5/test_data_set_0/output_0.pb";
  const auto tensor = importers::read_tensor(output);
  ASSERT_TRUE(tensor.ok());
  std::vector<float> values(tensor->as<float>().begin(), tensor->as<float>().end());
  values[37] += 1;
  std::ofstream(output, std::ios::binary)
      << TensorWriter("logits", DataType::kFloat32, {10, 10}).raw(values).bytes();
  const CommandResult result = mini_infer({"verify", folder.path()});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.out, AllOf(HasSubstr("output 'logits': max|difference| / max|reference| is "),
                                HasSubstr("; at [3,7] expected ")));
}

TEST(Verify, ToleranceIsTheCallersChoice) {
  const TempFolder folder;
  write_relu_folder(folder / "relu", {0.01f, 2.01f});
  const std::string path = folder / "relu";
  EXPECT_EQ(mini_infer({"verify", path}).exit_code, 5);
  EXPECT_EQ(mini_infer({"verify", path, "--rtol=0", "--atol=0.02"}).exit_code, 0);
  EXPECT_EQ(mini_infer({"verify", path, "--rel-max=0.006"}).exit_code, 0);
  EXPECT_EQ(mini_infer({"verify", path, "--rel-max=0.004"}).exit_code, 5);
}

// A bound says by which criterion; the other criterion beside it is a mistake.
TEST(Verify, TheCriterionIsTheCallersChoice) {
  const TempFolder folder;
  write_relu_folder(folder / "relu", {0.001f, 2});
  const std::string path = folder / "relu";
  EXPECT_EQ(mini_infer({"verify", path}).exit_code, 5);
  EXPECT_EQ(mini_infer({"verify", path, "--criterion=output"}).exit_code, 0);
  EXPECT_EQ(mini_infer({"verify", path, "--criterion=elements"}).exit_code, 5);
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--criterion=output", "--rtol=1"},
        {"--criterion=elements", "--rel-max=1"},
        {"--rel-max=1", "--atol=1"}}) {
    EXPECT_EQ(mini_infer({"verify", path, options[0], options[1]}).exit_code, 1) << options[0];
  }
}

// LeNet-5 has 44,426 weights, Relu none.
TEST(Verify, ModelsWithManyWeightsAreJudgedByOutput) {
  const TempFolder folder;
  write_relu_folder(folder / "relu", {0, 2});
  const CommandResult result = mini_infer({"verify", lenet5(), folder / "relu", "--json"});
  const auto folders = result.json().at("folders");
  EXPECT_EQ(folders.at(0).at("criterion"), "output");
  EXPECT_EQ(folders.at(1).at("criterion"), "elements");
  EXPECT_EQ(result.json().at("tolerance").at("criterion"), "by_weights");
  const CommandResult text = mini_infer({"verify", lenet5()});
  EXPECT_THAT(text.out, HasSubstr(", by output)\n"));
  EXPECT_THAT(text.out, HasSubstr("by output where a model has more than 1000 weight elements"));
}

TEST(Verify, NamesTheElementThatIsBeyondTheTolerance) {
  const char* data = std::getenv("MINI_INFER_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "MINI_INFER_TEST_DATA names no folder";
  const CommandResult result =
      mini_infer({"verify", std::string(data) + "/cases/verify_names_wrong_element"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.out, HasSubstr("at [0] expected 1e-06, found 1.5e-06"));
}

TEST(Verify, AShapeThatDiffersFails) {
  const TempFolder folder;
  write_relu_folder(folder / "relu", {0, 2, 0});
  const CommandResult result = mini_infer({"verify", folder / "relu"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.out, HasSubstr("expected float32[3], found float32[2]"));
}

TEST(Verify, CountsEveryFolderBelowAParent) {
  const TempFolder folder;
  write_relu_folder(folder / "good", {0, 2});
  write_relu_folder(folder / "deeper/unknown", {0, 2}, "Frobnicate");
  write_relu_folder(folder / "no_data", {0, 2});
  std::filesystem::remove_all(folder / "no_data/test_data_set_0");
  const CommandResult result = mini_infer({"verify", folder.path(), "--json"});
  EXPECT_EQ(result.exit_code, 3);
  const auto json = result.json();
  EXPECT_EQ(json.at("passed"), 1);
  EXPECT_EQ(json.at("failed"), 0);
  EXPECT_EQ(json.at("unsupported"), 1);
  EXPECT_EQ(json.at("no_data"), 1);
  EXPECT_THAT(std::string(json.at("folders").at(0).at("reason")), HasSubstr("Frobnicate"));

  write_relu_folder(folder / "bad", {1, 2});
  EXPECT_EQ(mini_infer({"verify", folder.path()}).exit_code, 5);
}

TEST(Verify, AMissingInputOrOutputFails) {
  const TempFolder folder;
  write_relu_folder(folder / "relu", {0, 2});
  std::filesystem::remove(folder / "relu/test_data_set_0/output_0.pb");
  EXPECT_THAT(mini_infer({"verify", folder.path()}).out, HasSubstr("1 outputs, the data set 0"));
  std::filesystem::remove(folder / "relu/test_data_set_0/input_0.pb");
  const CommandResult result = mini_infer({"verify", folder.path()});
  EXPECT_THAT(result.out, HasSubstr("1 inputs, the data set 0"));
  EXPECT_EQ(result.exit_code, 5);
}

TEST(Verify, AFolderWithoutModelsIsAMistake) {
  const TempFolder folder;
  EXPECT_EQ(mini_infer({"verify", folder.path()}).exit_code, 1);
  EXPECT_EQ(mini_infer({"verify", folder / "missing"}).exit_code, 1);
}

}  // namespace
}  // namespace mini_infer::test
