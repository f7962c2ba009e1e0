#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "importers/import_bytes.h"

namespace mini_infer::test {
namespace {

using core::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Sparse {
  std::vector<float> values;
  std::vector<std::int64_t> indices;
  std::vector<std::int64_t> index_dims;
  std::vector<std::int64_t> dims;
};

std::string bytes_of(const Sparse& sparse) {
  std::string data;
  protozero::pbf_writer writer(data);
  const auto count = static_cast<std::int64_t>(sparse.values.size());
  writer.add_message(fields::sparse_tensor::kValues,
                     TensorWriter("w", DataType::kFloat32, {count}).raw(sparse.values).bytes());
  writer.add_message(
      fields::sparse_tensor::kIndices,
      TensorWriter("", DataType::kInt64, sparse.index_dims).raw(sparse.indices).bytes());
  for (const std::int64_t dim : sparse.dims) writer.add_int64(fields::sparse_tensor::kDims, dim);
  return data;
}

core::Result<std::shared_ptr<graph::Graph>> import_sparse(const Sparse& sparse) {
  return import_bytes(ModelWriter()
                          .field(fields::graph::kSparseInitializer, bytes_of(sparse))
                          .output("w", DataType::kFloat32, {2, 3}));
}

std::vector<float> dense(const core::Result<std::shared_ptr<graph::Graph>>& graph) {
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  if (!graph.ok()) return {};
  const auto values = (*graph)->value((*graph)->outputs[0]).constant->as<float>();
  return {values.begin(), values.end()};
}

TEST(OnnxSparseTensor, LinearIndicesAndOnesByAxisSayTheSame) {
  EXPECT_THAT(dense(import_sparse({{5, 6}, {1, 3}, {2}, {2, 3}})), ElementsAre(0, 5, 0, 6, 0, 0));
  EXPECT_THAT(dense(import_sparse({{5, 6}, {0, 1, 1, 0}, {2, 2}, {2, 3}})),
              ElementsAre(0, 5, 0, 6, 0, 0));
  EXPECT_THAT(dense(import_sparse({{}, {}, {0}, {2, 3}})), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST(OnnxSparseTensor, AConstantMayBeSparse) {
  std::string value;
  protozero::pbf_writer(value).add_message(fields::attribute::kSparseTensor,
                                           bytes_of({{5}, {2}, {1}, {3}}));
  const auto sparse =
      attribute_bytes("sparse_value", importers::AttributeType::kSparseTensor, value);
  EXPECT_THAT(dense(import_bytes(ModelWriter()
                                     .node("Constant", {}, {"c"}, {sparse})
                                     .output("c", DataType::kFloat32, {3}))),
              ElementsAre(0, 0, 5));
}

TEST(OnnxSparseTensor, PartsThatDisagreeAreRefused) {
  const auto expect_invalid = [](const Sparse& sparse, const std::string& message) {
    const auto graph = import_sparse(sparse);
    EXPECT_EQ(graph.status(), Status::ERROR_INVALID_MODEL);
    EXPECT_THAT(graph.status().message(), HasSubstr("sparse tensor 'w': "));
    EXPECT_THAT(graph.status().message(), HasSubstr(message));
  };
  expect_invalid({{5}, {6}, {1}, {2, 3}}, "index 6 is outside [2,3]");
  expect_invalid({{5}, {-1}, {1}, {2, 3}}, "index -1 is outside [2,3]");
  expect_invalid({{5}, {0, 3}, {1, 2}, {2, 3}}, "index 3 of axis 1 is outside [2,3]");
  expect_invalid({{5, 6}, {3, 1}, {2}, {2, 3}}, "not in ascending order");
  expect_invalid({{5, 6}, {3, 3}, {2}, {2, 3}}, "not in ascending order");
  expect_invalid({{5, 6}, {3}, {1}, {2, 3}},
                 "its indices are int64[1]; expected int64[2] or int64[2,2]");
  expect_invalid({{5}, {0}, {1}, {2, -3}}, "is negative or larger than any memory");
}

}  // namespace
}  // namespace mini_infer::test
