// What happens to a model's files while an engine is built from them, and models that have no file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "importers/model_writer.h"
#include "importers/temp_folder.h"
#include "mini_infer/importers/onnx.h"
#include "mini_infer/runtime/engine.h"

namespace mini_infer::test {
namespace {

using core::Status;
using importers::ExternalBytes;
using importers::FileAccess;
using importers::import_onnx;
using importers::OnnxOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kElements = 4096;  // some pages of weights

std::string floats(float value) {
  const std::vector<float> all(kElements, value);
  return {reinterpret_cast<const char*>(all.data()), all.size() * sizeof(float)};
}

// y = x + w, with w in weights.bin.
std::string model_bytes() {
  return ModelWriter()
      .input("x", DataType::kFloat32, {kElements})
      .initialiser(TensorWriter("w", DataType::kFloat32, {kElements})
                       .external({{"location", "weights.bin"}}))
      .node("Add", {"x", "w"}, {"y"})
      .output("y", DataType::kFloat32, {kElements})
      .bytes();
}

// The first element of y where x is all ones.
core::Result<float> answer(const std::shared_ptr<graph::Graph>& graph) {
  runtime::Engine engine{runtime::EngineConfig{}};
  if (Status built = engine.build(graph); !built.ok()) return built;
  const std::vector<float> ones(kElements, 1.0f);
  if (Status set = engine.context()->set_input(0, std::as_bytes(std::span(ones))); !set.ok()) {
    return set;
  }
  if (Status ran = engine.context()->run(); !ran.ok()) return ran;
  auto output = engine.context()->output(0);
  if (!output.ok()) return output.status();
  return output->as<float>()[0];
}

class ModelFile : public ::testing::Test {
 protected:
  ModelFile() {
    folder_.write("model.onnx", model_bytes());
    folder_.write("weights.bin", floats(2));
  }

  std::shared_ptr<graph::Graph> import(FileAccess access) const {
    auto graph = import_onnx(folder_ / "model.onnx", {.shapes = {}, .file_access = access});
    EXPECT_TRUE(graph.ok()) << graph.status().to_string();
    return graph.ok() ? *graph : nullptr;
  }

  TempFolder folder_;
};

TEST_F(ModelFile, MappedFilesThatStayAsTheyAreServeManyEngines) {
  const auto graph = import(FileAccess::kMap);
  for (int engine = 0; engine < 3; ++engine) {
    const auto first = answer(graph);
    ASSERT_TRUE(first.ok()) << first.status().to_string();
    EXPECT_EQ(*first, 3);
  }
}

TEST_F(ModelFile, AMappedFileThatWasCutShortIsAnError) {
  const auto graph = import(FileAccess::kMap);
  std::filesystem::resize_file(folder_ / "weights.bin", 100);
  const auto first = answer(graph);
  EXPECT_EQ(first.status(), Status::ERROR_IO);
  EXPECT_THAT(first.status().message(), HasSubstr("weights.bin' had 16384 bytes when it was opened "
                                                  "and has 100 now"));
}

TEST_F(ModelFile, AMappedFileThatWasWrittenToIsAnError) {
  const auto graph = import(FileAccess::kMap);
  const auto file = folder_ / "weights.bin";
  folder_.write("weights.bin", floats(5));
  std::filesystem::last_write_time(
      file, std::filesystem::last_write_time(file) + std::chrono::seconds(1));
  const auto first = answer(graph);
  EXPECT_EQ(first.status(), Status::ERROR_IO);
  EXPECT_THAT(first.status().message(), HasSubstr("weights.bin' was written to"));
}

TEST_F(ModelFile, AFileThatTookTheMappedOnesNameDoesNotMatter) {
  const auto graph = import(FileAccess::kMap);
  folder_.write("other.bin", floats(5));
  std::filesystem::rename(folder_ / "other.bin", folder_ / "weights.bin");
  const auto first = answer(graph);
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  EXPECT_EQ(*first, 3);
}

TEST_F(ModelFile, FilesThatWereReadMayChange) {
  const auto graph = import(FileAccess::kRead);
  EXPECT_TRUE(graph->files.empty());
  std::filesystem::resize_file(folder_ / "weights.bin", 100);
  std::filesystem::resize_file(folder_ / "model.onnx", 0);
  const auto first = answer(graph);
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  EXPECT_EQ(*first, 3);
}

TEST(ModelInMemory, ExternalDataComesFromTheCallback) {
  std::string model = model_bytes();
  std::string weights = floats(2);
  int asked = 0;
  OnnxOptions options;
  options.external_data = [&](std::string_view location) -> core::Result<ExternalBytes> {
    ++asked;
    EXPECT_EQ(location, "weights.bin");
    return ExternalBytes{std::as_bytes(std::span(weights)), nullptr};
  };
  const auto graph = import_onnx(std::as_bytes(std::span(model)), options);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ(asked, 1);
  model.assign(model.size(), '\0');  // both were copied
  weights.assign(weights.size(), '\0');
  const auto first = answer(*graph);
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  EXPECT_EQ(*first, 3);
}

TEST(ModelInMemory, BytesWithAnOwnerAreNotCopied) {
  const auto model = std::make_shared<const std::string>(model_bytes());
  const auto weights = std::make_shared<const std::string>(floats(2));
  OnnxOptions options;
  options.external_data = [&](std::string_view) -> core::Result<ExternalBytes> {
    return ExternalBytes{std::as_bytes(std::span(*weights)), weights};
  };
  const auto graph = import_onnx(std::as_bytes(std::span(*model)), options, model);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto& values = (*graph)->values();
  EXPECT_TRUE(std::any_of(values.begin(), values.end(), [&](const graph::Value& value) {
    return value.constant &&
           value.constant->bytes().data() == reinterpret_cast<const std::byte*>(weights->data());
  }));
}

TEST(ModelInMemory, WhatHasNoPlaceIsAnErrorThatSaysSo) {
  const std::string model = model_bytes();
  const auto bytes = std::as_bytes(std::span(model));
  const auto none = import_onnx(bytes);
  EXPECT_EQ(none.status(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(none.status().message(),
              HasSubstr("tensor 'w': its bytes are in 'weights.bin', and the model was imported "
                        "from memory; set OnnxOptions::external_data"));
  OnnxOptions options;
  options.external_data = [](std::string_view) -> core::Result<ExternalBytes> {
    return {Status::ERROR_IO, "the archive has no such member"};
  };
  const auto failed = import_onnx(bytes, options);
  EXPECT_EQ(failed.status(), Status::ERROR_IO);
  EXPECT_THAT(failed.status().message(), HasSubstr("tensor 'w': the archive has no such member"));
  EXPECT_FALSE(import_onnx(std::span<const std::byte>()).ok());
  EXPECT_FALSE(import_onnx(bytes.first(bytes.size() / 2), options).ok());
}

}  // namespace
}  // namespace mini_infer::test
