#include "importers/onnx/operator_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "importers/import_bytes.h"

namespace mini_infer::test {
namespace {

using core::Status;
using ::testing::HasSubstr;

constexpr auto kFloat = DataType::kFloat32;

// Knows Relu, If, and Resize as it is since opset 11.
const ops::OpDef* few_operators(std::string_view domain, std::string_view type) {
  static const ops::OpDef kRelu = {.type = "Relu"};
  static const ops::OpDef kIf = {.type = "If"};
  static const ops::OpDef kResize = {.type = "Resize", .since = 11};
  for (const ops::OpDef* op : {&kRelu, &kIf, &kResize}) {
    if (op->type == type && op->domain == domain) return op;
  }
  return nullptr;
}

Status import_with_few(const ModelWriter& model) {
  const std::string bytes = model.bytes();
  return importers::import_model({bytes, nullptr, nullptr}, {}, few_operators).status();
}

TEST(OnnxOperators, AllThatAreMissingAreListedAtOnce) {
  const auto branch = GraphWriter().node("Foo", {"x"}, {"b"}).output("b", kFloat, {});
  const Status status = import_with_few(ModelWriter()
                                            .opset(10)
                                            .opset(1, "com.microsoft")
                                            .input("x", kFloat, {})
                                            .name("up1")
                                            .node("Resize", {"x"}, {"a"})
                                            .node("Relu", {"a"}, {"b"})
                                            .node("Resize", {"b"}, {"c"})
                                            .node("Gelu", {"c"}, {"d"}, {}, "com.microsoft")
                                            .node("If", {"d"}, {"e"}, {attribute("then", branch)})
                                            .output("e", kFloat, {}));
  EXPECT_EQ(status, Status::ERROR_UNSUPPORTED);
  EXPECT_EQ(status.message(),
            "3 operators are not supported: "
            "Resize ×2 (opset 10, supported since 11, first: Resize 'up1'), "
            "com.microsoft.Gelu ×1 (opset 1, first: com.microsoft.Gelu 'Gelu_3'), "
            "Foo ×1 (opset 10, first: Foo 'Foo_0')");
}

TEST(OnnxOperators, OneThatIsMissing) {
  EXPECT_EQ(import_with_few(ModelWriter().node("Foo", {}, {"y"})).message(),
            "1 operator is not supported: Foo ×1 (opset 17, first: Foo 'Foo_0')");
}

TEST(OnnxOperators, FunctionsOfTheModelAreNamedWhenTheyAreUsed) {
  const auto model = ModelWriter().function("local", "Swish").input("x", kFloat, {});
  EXPECT_TRUE(import_with_few(model).ok());
  EXPECT_EQ(import_with_few(ModelWriter(model).node("Swish", {"x"}, {"y"}, {}, "local")).message(),
            "1 operator is not supported: local.Swish ×1 (a function of the model, first: "
            "local.Swish 'Swish_0')");
}

TEST(OnnxOperators, TheOptimisersOwnDomainIsNotForFiles) {
  const auto graph = import_bytes(ModelWriter()
                                      .opset(1, "mini_infer")
                                      .input("x", kFloat, {})
                                      .node("FusedConv", {"x"}, {"y"}, {}, "mini_infer")
                                      .output("y", kFloat, {}));
  EXPECT_EQ(graph.status(), Status::ERROR_INVALID_MODEL);
  EXPECT_THAT(
      graph.status().message(),
      HasSubstr("mini_infer.FusedConv 'FusedConv_0': domain 'mini_infer' is not for files"));
}

TEST(OnnxOperators, ADomainMustBeImported) {
  const auto graph = import_bytes(ModelWriter().node("Foo", {}, {"y"}, {}, "elsewhere"));
  EXPECT_EQ(graph.status(), Status::ERROR_INVALID_MODEL);
  EXPECT_THAT(graph.status().message(), HasSubstr("imports no opset of domain 'elsewhere'"));
}

}  // namespace
}  // namespace mini_infer::test
