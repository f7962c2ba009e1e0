#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "cli/command.h"
#include "importers/model_writer.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The certificate of LeNet-5's plan.
std::string certificate(const std::filesystem::path& path) {
  const CommandResult planned = mini_infer(
      {"plan", lenet5_model(), "--shapes=image:1x1x28x28", "--certificate", path.string()});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(CheckCommand, AcceptsAPlan) {
  const TempFolder folder;
  certificate(folder / "plan.json");
  const CommandResult text = mini_infer({"check", folder / "plan.json"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  for (const char* part : {"accepted", "17408 bytes", "derived anew"}) {
    EXPECT_THAT(text.out, HasSubstr(part));
  }
  const CommandResult checked = mini_infer({"check", folder / "plan.json", "--search", "--json"});
  EXPECT_THAT(checked.err, IsEmpty());
  const auto json = checked.json();
  EXPECT_EQ(json.at("schema"), "mini-infer.check");
  EXPECT_EQ(json.at("accepted"), true);
  EXPECT_EQ(json.at("arena_bytes"), 17408);
  EXPECT_EQ(json.at("lower_bound_bytes"), 17408);
  EXPECT_EQ(json.at("offsets"), "by_bound");
  EXPECT_EQ(json.at("order"), "by_bound");
  EXPECT_EQ(json.at("hash").get<std::string>().size(), 16u);
}

TEST(CheckCommand, ShowsThePlansOwnHash) {
  const TempFolder folder;
  const auto stated = nlohmann::json::parse(certificate(folder / "plan.json"));
  const auto planned =
      mini_infer({"plan", lenet5_model(), "--shapes=image:1x1x28x28", "--json"}).json();
  const auto checked = mini_infer({"check", folder / "plan.json", "--json"}).json();
  EXPECT_EQ(planned.at("plan_hash"), "a7812037dc88467c");
  EXPECT_EQ(stated.at("plan_hash"), planned.at("plan_hash"));
  EXPECT_EQ(checked.at("plan_hash"), planned.at("plan_hash"));
  EXPECT_THAT(mini_infer({"check", folder / "plan.json"}).out,
              HasSubstr("hash         a7812037dc88467c\n"));
}

TEST(CheckCommand, NamesTheModelAndComparesIt) {
  const TempFolder folder;
  const std::string plan = folder / "plan.json";
  const auto stated = nlohmann::json::parse(certificate(plan));
  const auto file = stated.at("models").at(0).at("files").at(0);
  EXPECT_EQ(file.at("name"), "model.onnx");
  EXPECT_EQ(file.at("sha256").get<std::string>().size(), 64u);
  std::filesystem::copy(lenet5_model(), folder / "copy.onnx");
  EXPECT_EQ(mini_infer({"check", plan, "--model", folder / "copy.onnx"}).exit_code, 0);
  std::ofstream(folder / "copy.onnx", std::ios::app) << " ";
  const CommandResult other = mini_infer({"check", plan, "--model", folder / "copy.onnx"});
  EXPECT_EQ(other.exit_code, 5);
  EXPECT_THAT(other.out, HasSubstr("it is of another model: "));
  EXPECT_EQ(mini_infer({"check", plan, "--model", folder / "none.onnx"}).exit_code, 1);
  const CommandResult two =
      mini_infer({"check", plan, "--model", lenet5_model(), "--model", lenet5_model()});
  EXPECT_EQ(two.exit_code, 5);
  EXPECT_THAT(two.out, HasSubstr("it is of 1 models, and 2 were named"));
}

// y = x + w, whose w lies in a file of its own.
TEST(CheckCommand, ComparesExternalDataToo) {
  const TempFolder folder;
  const std::string model = folder.write(
      "model.onnx",
      ModelWriter()
          .input("x", DataType::kFloat32, {2})
          .initialiser(TensorWriter("w", DataType::kFloat32, {2}).external({{"location", "w.bin"}}))
          .node("Add", {"x", "w"}, {"y"})
          .output("y", DataType::kFloat32, {2})
          .bytes());
  folder.write("w.bin", "12345678");
  const std::string plan = folder / "plan.json";
  ASSERT_EQ(mini_infer({"plan", model, "--certificate", plan}).exit_code, 0);
  const auto files = nlohmann::json::parse(std::ifstream(plan)).at("models").at(0).at("files");
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files.at(1).at("name"), "w.bin");
  EXPECT_EQ(files.at(1).at("sha256"),
            "ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f");
  EXPECT_EQ(mini_infer({"check", plan, "--model", model}).exit_code, 0);
  folder.write("w.bin", "12345679");
  const CommandResult other = mini_infer({"check", plan, "--model", model});
  EXPECT_EQ(other.exit_code, 5);
  EXPECT_THAT(other.out, HasSubstr("the external data 'w.bin' has other bytes"));
}

TEST(CheckCommand, EndsWith5WhereThePlanIsRefusedAndWith1WhereItIsDamaged) {
  const TempFolder folder;
  auto json = nlohmann::json::parse(certificate(folder / "plan.json"));
  json["arena"][0]["offset"] = 0;
  json["arena"][1]["offset"] = 0;
  const CommandResult damaged = mini_infer({"check", folder.write("edited.json", json.dump())});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("the certificate is damaged"));

  const auto at = damaged.err.find("its content has ") + 16;
  json["hash"] = damaged.err.substr(at, 16);
  const std::string edited = folder.write("edited.json", json.dump());
  const CommandResult refused = mini_infer({"check", edited});
  EXPECT_EQ(refused.exit_code, 5);
  EXPECT_THAT(refused.out, HasSubstr("refused: "));
  const auto answer = mini_infer({"check", edited, "--json"}).json();
  EXPECT_EQ(answer.at("accepted"), false);
  EXPECT_THAT(answer.at("reason").get<std::string>(), HasSubstr("share bytes"));
}

TEST(CheckCommand, NamesAFileThatIsNoCertificate) {
  const TempFolder folder;
  const CommandResult missing = mini_infer({"check", folder / "none.json"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("none.json: cannot be read; expected a certificate"));
  const CommandResult other = mini_infer({"check", folder.write("other.json", "{\"a\": 1}")});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("other.json: not a certificate"));
  const CommandResult unwritable = mini_infer({"plan", lenet5_model(), "--shapes=image:1x1x28x28",
                                               "--certificate", folder / "no/such/plan.json"});
  EXPECT_EQ(unwritable.exit_code, 1);
}

}  // namespace
}  // namespace mini_infer::test
