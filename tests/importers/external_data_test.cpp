#include "importers/onnx/external_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "importers/import_bytes.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

using core::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Entries = std::vector<std::pair<std::string, std::string>>;

// A model's folder with weights.bin (the floats 0 to 7), beside a folder it must not see.
class OnnxExternalData : public ::testing::Test {
 protected:
  OnnxExternalData() {
    std::filesystem::create_directories(model_folder() / "sub");
    std::filesystem::create_directories(root_ / "outside");
    const std::vector<float> floats = {0, 1, 2, 3, 4, 5, 6, 7};
    const std::string bytes(reinterpret_cast<const char*>(floats.data()), 32);
    root_.write("model/weights.bin", bytes);
    root_.write("model/sub/weights.bin", bytes);
    root_.write("outside/secret.bin", bytes);
  }

  std::filesystem::path model_folder() const { return root_ / "model"; }

  core::Result<std::shared_ptr<graph::Graph>> import_with(const Entries& entries) const {
    return import_bytes(
        ModelWriter()
            .initialiser(TensorWriter("w", DataType::kFloat32, {2}).external(entries))
            .output("w", DataType::kFloat32, {2}),
        {}, model_folder());
  }

  void expect_refused(const Entries& entries, Status::Code code, const std::string& message) const {
    const auto graph = import_with(entries);
    EXPECT_EQ(graph.status().code(), code) << graph.status().to_string();
    EXPECT_THAT(graph.status().message(), HasSubstr("tensor 'w': "));
    EXPECT_THAT(graph.status().message(), HasSubstr(message));
  }

  std::vector<float> read_with(const Entries& entries) const {
    auto graph = import_with(entries);
    EXPECT_TRUE(graph.ok()) << graph.status().to_string();
    if (!graph.ok()) return {};
    const core::Tensor tensor = (*graph)->value(0).constant->aligned();
    return {tensor.as<float>().begin(), tensor.as<float>().end()};
  }

  TempFolder root_;
};

TEST_F(OnnxExternalData, IsReadBeneathTheModelsFolder) {
  EXPECT_THAT(read_with({{"location", "weights.bin"}}), ElementsAre(0, 1));
  EXPECT_THAT(read_with({{"location", "weights.bin"}, {"offset", "8"}, {"length", "8"}}),
              ElementsAre(2, 3));
  EXPECT_THAT(read_with({{"location", "./sub//weights.bin"}, {"offset", "24"}}), ElementsAre(6, 7));
  EXPECT_THAT(read_with({{"location", "weights.bin"}, {"checksum", "x"}, {"basepath", "/etc"}}),
              ElementsAre(0, 1));
}

TEST_F(OnnxExternalData, AFileIsMappedOnceAndOutlivesTheImport) {
  auto graph =
      import_bytes(ModelWriter()
                       .initialiser(TensorWriter("a", DataType::kFloat32, {2})
                                        .external({{"location", "weights.bin"}, {"offset", "0"}}))
                       .initialiser(TensorWriter("b", DataType::kFloat32, {2})
                                        .external({{"location", "weights.bin"}, {"offset", "8"}}))
                       .output("a", DataType::kFloat32, {2}),
                   {}, model_folder());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const core::Tensor a = *(*graph)->value(0).constant;
  const core::Tensor b = *(*graph)->value(1).constant;
  graph->reset();
  EXPECT_EQ(a.bytes().data() + 8, b.bytes().data());
  EXPECT_EQ(b.as<float>()[1], 3);
}

TEST_F(OnnxExternalData, LocationsThatLeaveTheFolderAreRefusedByTheirText) {
  const auto kInvalid = Status::ERROR_INVALID_MODEL;
  expect_refused({{"location", "../outside/secret.bin"}}, kInvalid, "'..' may leave");
  expect_refused({{"location", "sub/../weights.bin"}}, kInvalid, "'..' may leave");
  expect_refused({{"location", (root_ / "outside/secret.bin").string()}}, kInvalid,
                 "must be relative to the model's folder");
  expect_refused({{"location", std::string("weights.bin\0.txt", 16)}}, kInvalid,
                 "'weights.bin\\0.txt' is refused: it holds a NUL");
  expect_refused({{"location", ""}}, kInvalid, "it is empty");
  expect_refused({{"location", "./"}}, kInvalid, "it names no file");
  expect_refused({{"offset", "0"}}, kInvalid, "it is empty");
}

TEST_F(OnnxExternalData, LinksThatEndBeneathTheModelsFolderAreFollowed) {
  std::filesystem::create_symlink("sub/weights.bin", model_folder() / "inner.bin");
  std::filesystem::create_directory_symlink("sub", model_folder() / "linked");
  EXPECT_THAT(read_with({{"location", "inner.bin"}}), ElementsAre(0, 1));
  EXPECT_THAT(read_with({{"location", "linked/weights.bin"}}), ElementsAre(0, 1));
}

TEST_F(OnnxExternalData, LinksThatEndElsewhereAreRefused) {
  std::filesystem::create_symlink(root_ / "outside/secret.bin", model_folder() / "link.bin");
  std::filesystem::create_directory_symlink(root_ / "outside", model_folder() / "linked");
  std::filesystem::create_directory(root_ / "model2");
  std::filesystem::create_symlink(root_ / "model2/x.bin", model_folder() / "sibling.bin");
  root_.write("model2/x.bin", "12345678");
  const auto kIo = Status::ERROR_IO;
  const std::string rule = "secret.bin', which is not beneath '" +
                           std::filesystem::canonical(model_folder()).string() + "'";
  expect_refused({{"location", "link.bin"}}, kIo, rule);
  expect_refused({{"location", "linked/secret.bin"}}, kIo, rule);
  expect_refused({{"location", "sibling.bin"}}, kIo, "x.bin', which is not beneath");
}

// As in the Hugging Face hub's cache: names are links to files that are named by their hash.
TEST_F(OnnxExternalData, FilesBesideTheOneThatTheModelIsALinkToAreRead) {
  std::filesystem::create_directory(root_ / "blobs");
  std::filesystem::rename(model_folder() / "weights.bin", root_ / "blobs/1111");
  root_.write("blobs/2222", "the model");
  std::filesystem::create_symlink("../blobs/1111", model_folder() / "weights.bin");
  expect_refused({{"location", "weights.bin"}}, Status::ERROR_IO, "which is not beneath");
  std::filesystem::create_symlink("../blobs/2222", model_folder() / "model.onnx");
  EXPECT_THAT(read_with({{"location", "weights.bin"}}), ElementsAre(0, 1));
}

// As in a volume of Kubernetes: the model's folder is full of links through "..data".
TEST_F(OnnxExternalData, FoldersThatAreSwappedByALinkAreRead) {
  std::filesystem::create_directory(model_folder() / "..2026");
  std::filesystem::rename(model_folder() / "weights.bin", model_folder() / "..2026/weights.bin");
  std::filesystem::create_directory_symlink("..2026", model_folder() / "..data");
  std::filesystem::create_symlink("..data/weights.bin", model_folder() / "weights.bin");
  EXPECT_THAT(read_with({{"location", "weights.bin"}}), ElementsAre(0, 1));
}

TEST_F(OnnxExternalData, HardLinksAreFilesLikeOthers) {
  std::filesystem::create_hard_link(model_folder() / "weights.bin", root_ / "outside/backup.bin");
  EXPECT_THAT(read_with({{"location", "weights.bin"}}), ElementsAre(0, 1));
}

TEST_F(OnnxExternalData, ALoopOfLinksIsAnError) {
  std::filesystem::create_symlink("b.bin", model_folder() / "a.bin");
  std::filesystem::create_symlink("a.bin", model_folder() / "b.bin");
  expect_refused({{"location", "a.bin"}}, Status::ERROR_IO, "Too many levels of symbolic links");
}

TEST_F(OnnxExternalData, OnlyRegularFilesAreRead) {
  ASSERT_EQ(::mkfifo((model_folder() / "pipe").c_str(), 0600), 0);
  root_.write("model/empty.bin", "");
  const auto kIo = Status::ERROR_IO;
  expect_refused({{"location", "pipe"}}, kIo, "not a regular file");
  expect_refused({{"location", "sub"}}, kIo, "not a regular file");
  expect_refused({{"location", "empty.bin"}}, kIo, "is empty");
  expect_refused({{"location", "none.bin"}}, kIo, "No such file");
  expect_refused({{"location", "weights.bin/x"}}, kIo, "Not a directory");
}

TEST_F(OnnxExternalData, RangesMustLieInTheFile) {
  auto range = [](const char* offset) {
    return Entries{{"location", "weights.bin"}, {"offset", offset}};
  };
  const auto kInvalid = Status::ERROR_INVALID_MODEL;
  expect_refused(range("25"), kInvalid, "8 bytes at offset 25 ends beyond 'weights.bin'");
  expect_refused(range("33"), kInvalid, "ends beyond");
  expect_refused(range("18446744073709551612"), kInvalid, "ends beyond");
  expect_refused(range("18446744073709551616"), kInvalid, "is not a number of bytes");
  expect_refused(range("-1"), kInvalid, "external data offset '-1' is not a number of bytes");
  expect_refused(range("8x"), kInvalid, "is not a number of bytes");
  expect_refused(range(""), kInvalid, "is not a number of bytes");
  expect_refused({{"location", "weights.bin"}, {"length", "12"}}, kInvalid,
                 "holds 12 bytes, its type and dims need 8");
}

}  // namespace
}  // namespace mini_infer::test
