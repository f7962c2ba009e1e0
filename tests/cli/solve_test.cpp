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

constexpr const char* kThree =
    "id,lower,upper,size\n"
    "a,0,2,100\n"
    "b,1,3,300\n"
    "c,2,4,200\n";

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the tool says of a file of that name and content.
CommandResult solve(const std::string& name, const std::string& content,
                    const std::vector<std::string>& options = {}) {
  const TempFolder folder;
  std::vector<std::string> line = {"solve", folder.write(name, content)};
  line.insert(line.end(), options.begin(), options.end());
  return mini_infer(line);
}

TEST(SolveCommand, JsonHasItsKeys) {
  const CommandResult result = solve("three.csv", kThree, {"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  const auto json = result.json();
  EXPECT_EQ(json.at("schema"), "mini-infer.solve");
  EXPECT_EQ(json.at("height"), 500);
  EXPECT_EQ(json.at("lower_bound"), 500);
  EXPECT_EQ(json.at("peak_step"), 2);
  EXPECT_EQ(json.at("proven"), true);
  EXPECT_EQ(json.at("proof"), "by_bound");
  EXPECT_EQ(json.at("buffers"), 3);
  EXPECT_EQ(json.at("deterministic"), true);
  EXPECT_GE(json.at("seconds"), 0);
  EXPECT_FALSE(json.contains("fits"));
}

TEST(SolveCommand, TextSaysHeightBoundProofAndTime) {
  const CommandResult result = solve("three.csv", kThree);
  for (const char* part : {"height       500 bytes", "lower bound  500 bytes, at step 2",
                           "best of all: equal to the lower bound", "time "}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
}

TEST(SolveCommand, WritesTheRowsWithTheirOffsets) {
  const TempFolder folder;
  const auto placed = folder / "placed.csv";
  ASSERT_EQ(mini_infer({"solve", folder.write("three.csv", kThree), "--output", placed.string()})
                .exit_code,
            0);
  EXPECT_THAT(text_of(placed), HasSubstr("id,lower,upper,size,offset\na,0,2,100,"));
  // What was written is a problem of fixed buffers, which the judge accepts.
  const CommandResult again = mini_infer({"solve", placed, "--json"});
  EXPECT_EQ(again.json().at("height"), 500);
  EXPECT_EQ(again.json().at("proof"), "by_bound");
}

TEST(SolveCommand, ReadsAndWritesJson) {
  const TempFolder folder;
  const auto problem =
      folder.write("two.json",
                   R"({"buffers": [{"id": "a", "lower": 0, "upper": 2, "size": 10, "alignment": 16},
                      {"id": 7, "lower": 1, "upper": 3, "size": 8, "offset": 32}]})");
  const auto placed = folder / "placed.json";
  const CommandResult result =
      mini_infer({"solve", problem, "--json", "--output", placed.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json().at("height"), 40);
  const auto buffers = nlohmann::json::parse(text_of(placed)).at("buffers");
  EXPECT_EQ(buffers.at(0).at("offset"), 0);
  EXPECT_EQ(buffers.at(0).at("alignment"), 16);
  EXPECT_EQ(buffers.at(1).at("id"), "7");
  EXPECT_EQ(buffers.at(1).at("offset"), 32);
}

TEST(SolveCommand, ColumnsComeInAnyOrderAndLinesInAnyForm) {
  const CommandResult result = solve("any.csv",
                                     "\xEF\xBB\xBFsize, upper,lower,buffer_id,offset,alignment\r\n"
                                     "100,2,0,a,,\r\n"
                                     "\r\n"
                                     "300, 3, 1, b, 128, 64\r\n"
                                     "200,4,2,c,,64",
                                     {"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.json().at("height"), 704);
}

TEST(SolveCommand, ACapacityIsEnoughOrNot) {
  const auto fits = solve("three.csv", kThree, {"--json", "--capacity=500"});
  EXPECT_EQ(fits.exit_code, 0);
  EXPECT_EQ(fits.json().at("fits"), true);
  const auto below = solve("three.csv", kThree, {"--capacity=499"});
  EXPECT_EQ(below.exit_code, 4);
  EXPECT_THAT(below.err, HasSubstr("a capacity of 499 bytes cannot be enough: step 2 needs 500"));
  // 4 and 4 around what is fixed at 6: the bound is 14, but above it both are.
  const auto over = solve("fixed.csv",
                          "id,lower,upper,size,offset\n"
                          "a,0,3,8,\nb,0,1,4,6\nc,2,3,4,6\n",
                          {"--json", "--capacity=13"});
  EXPECT_EQ(over.exit_code, 4);
  EXPECT_EQ(over.json().at("fits"), false);
  EXPECT_EQ(over.json().at("height"), 18);
}

TEST(SolveCommand, ByTheClockTheAnswerDependsOnTheMachine) {
  const auto json = solve("three.csv", kThree, {"--json", "--time=1", "--threads=2"}).json();
  EXPECT_EQ(json.at("deterministic"), false);
  EXPECT_EQ(json.at("height"), 500);
  EXPECT_THAT(solve("three.csv", kThree, {"--time=1"}).out, HasSubstr("depends on the machine"));
  EXPECT_THAT(solve("three.csv", kThree, {"--threads=2"}).err, HasSubstr("--time"));
  EXPECT_EQ(solve("three.csv", kThree, {"--time=1", "--nodes=5"}).exit_code, 1);
  EXPECT_EQ(solve("three.csv", kThree, {"--time=nan"}).exit_code, 1);
}

TEST(SolveCommand, MinimallocsOtherNamesDoAsWell) {
  // 'end' is the last step itself: b and c share step 2.
  const auto csv =
      solve("old.csv", "buffer,start,end,size\na,0,1,100\nb,1,2,300\nc,2,3,200\n", {"--json"});
  ASSERT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_EQ(csv.json().at("height"), 500);
  EXPECT_EQ(csv.json().at("peak_step"), 2);
  const auto json =
      solve("old.json", R"({"buffers": [{"buffer_id": "a", "begin": 0, "end": 0, "size": 8}]})",
            {"--json"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(json.json().at("height"), 8);
}

TEST(SolveCommand, JsonNestedDeepIsRefused) {
  constexpr std::size_t kDepth = 200'000;
  const std::string nested = std::string(kDepth, '[') + std::string(kDepth, ']');
  const auto object = solve("deep.json", "{\"buffers\": [" + nested + "]}");
  EXPECT_EQ(object.exit_code, 1);
  EXPECT_THAT(object.err, HasSubstr("deep.json: buffer 1: expected an object, found an array"));
  const auto id = solve("deep.json", "{\"buffers\": [{\"id\": " + nested + "}]}");
  EXPECT_EQ(id.exit_code, 1);
  EXPECT_THAT(id.err, HasSubstr("deep.json: buffer 1: key 'id'"));
}

struct BadFile {
  const char* name;
  const char* content;
  std::vector<const char*> message;
};

TEST(SolveCommand, WhatIsWrongIsNamedWithItsLine) {
  const BadFile cases[] = {
      {"empty.csv", "", {"empty.csv: the file is empty"}},
      {"missing.csv", "id,lower,size\n", {"missing.csv:1: column 'upper' is missing"}},
      {"unknown.csv",
       "id,lower,upper,size,colour\n",
       {"unknown.csv:1: there is no column 'colour'"}},
      {"twice.csv", "id,lower,upper,size,size\n", {"twice.csv:1: column 'size' is there twice"}},
      {"few.csv", "id,lower,upper,size\na,0,1\n", {"few.csv:2: expected 4 fields", "found 3"}},
      {"many.csv",
       "id,lower,upper,size\na,0,1,2,3\n",
       {"many.csv:2: expected 4 fields", "found 5"}},
      {"word.csv",
       "id,lower,upper,size\na,0,1,big\n",
       {"word.csv:2: column 'size': expected a whole number, found 'big'"}},
      {"point.csv",
       "id,lower,upper,size\na,0,1,1.5\n",
       {"point.csv:2: column 'size'", "found '1.5'"}},
      {"none.csv", "id,lower,upper,size\na,0,,1\n", {"none.csv:2: column 'upper'", "found ''"}},
      {"noid.csv", "id,lower,upper,size\n,0,1,1\n", {"noid.csv:2: column 'id'"}},
      {"order.csv",
       "id,lower,upper,size\na,0,2,1\nb,3,3,1\n",
       {"order.csv:3: column 'upper': expected a step from 4", "found 3"}},
      {"early.csv", "id,lower,upper,size\na,-1,2,1\n", {"early.csv:2: column 'lower'", "found -1"}},
      {"late.csv",
       "id,lower,upper,size\na,0,3000000000,1\n",
       {"late.csv:2: column 'upper'", "found 3000000000"}},
      {"negative.csv",
       "id,lower,upper,size\na,0,1,-5\n",
       {"negative.csv:2: column 'size': expected bytes, 0 or more, found -5"}},
      {"huge.csv",
       "id,lower,upper,size\na,0,1,9223372036854775808\n",
       {"huge.csv:2: column 'size'", "does not fit in 64 bits"}},
      {"sum.csv",
       "id,lower,upper,size\na,0,1,9223372036854775000\nb,0,1,9000\n",
       {"buffer 'b' (", "sum.csv:3): the sizes up to this one", "do not fit in 64 bits"}},
      {"again.csv",
       "id,lower,upper,size\na,0,1,1\nb,0,1,1\na,0,1,1\n",
       {"again.csv:4: id 'a' is taken, by ", "again.csv:2"}},
      {"power.csv",
       "id,lower,upper,size,alignment\na,0,1,1,12\n",
       {"power.csv:2: column 'alignment': expected a power of two, found 12"}},
      {"offset.csv",
       "id,lower,upper,size,alignment,offset\na,0,1,1,8,12\n",
       {"offset.csv:2: column 'offset': expected a multiple of the alignment, 8, found 12"}},
      {"overlap.csv",
       "id,lower,upper,size,offset\na,0,2,8,0\nb,1,2,8,4\n",
       {"buffer 'b' (", "overlap.csv:3)", "on bytes of buffer 'a' (", "overlap.csv:2)"}},
      {"names.csv",
       "id,buffer,lower,upper,size\n",
       {"names.csv:1: column 'buffer' is there twice"}},
      {"end.csv",
       "id,lower,end,size\na,3,2,1\n",
       {"end.csv:2: column 'end': expected the last step, from 3", "found 2"}},
      {"last.csv",
       "id,lower,end,size\na,0,9223372036854775807,1\n",
       {"last.csv:2: column 'end'", "found 9223372036854775807"}},
      {"names.json",
       R"({"buffers": [{"id": "a", "buffer_id": "a", "lower": 0, "upper": 1, "size": 1}]})",
       {"names.json: buffer 1: key 'id': there is another one for 'id'"}},
      {"broken.json", "{\"buffers\": [", {"broken.json: it is no JSON from byte 14 on"}},
      {"array.json", "[]", {"array.json: expected an object with an array 'buffers'"}},
      {"number.json", "{\"buffers\": [3]}", {"number.json: buffer 1: expected an object, found 3"}},
      {"key.json",
       R"({"buffers": [{"id": "a", "lower": 0, "upper": 1}]})",
       {"key.json: buffer 1: key 'size' is missing"}},
      {"other.json",
       R"({"buffers": [{"id": "a", "lower": 0, "upper": 1, "size": 1, "x": 1}]})",
       {"other.json: buffer 1: there is no key 'x'"}},
      {"float.json",
       R"({"buffers": [{"id": "a", "lower": 0, "upper": 1, "size": 1.5}]})",
       {"float.json: buffer 1: key 'size': expected a whole number of 64 bits, found 1.5"}},
  };
  for (const BadFile& bad : cases) {
    SCOPED_TRACE(bad.name);
    const CommandResult result = solve(bad.name, bad.content);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.out, IsEmpty());
    for (const char* part : bad.message) EXPECT_THAT(result.err, HasSubstr(part));
  }
}

TEST(SolveCommand, AFileThatCannotBeReadOrWrittenIsNamed) {
  const TempFolder folder;
  for (const std::string& path : {std::string(folder / "none.csv"), folder.path().string()}) {
    const CommandResult result = mini_infer({"solve", path});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(path + ": cannot be read"));
  }
  const CommandResult result = mini_infer({"solve", folder.write("three.csv", kThree), "--output",
                                           (folder / "none" / "placed.csv").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("placed.csv"));
}

}  // namespace
}  // namespace mini_infer::test
