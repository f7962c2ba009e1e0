#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "cli/command.h"
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
