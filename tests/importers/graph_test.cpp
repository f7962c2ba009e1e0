#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "importers/import_bytes.h"
#include "importers/temp_folder.h"
#include "mini_infer/importers/onnx.h"

// What a good file becomes.
namespace mini_infer::test {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<Graph> imported(const ModelWriter& model,
                                const importers::OnnxOptions& options = {}) {
  auto graph = import_bytes(model, options);
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? *graph : std::make_shared<Graph>();
}

template <typename T>
std::vector<T> values_of(const core::Tensor& tensor) {
  const core::Tensor aligned = tensor.aligned();
  return {aligned.as<T>().begin(), aligned.as<T>().end()};
}

const Value& input_of(const Graph& graph, int node, int slot) {
  return graph.value(graph.node(node).inputs[static_cast<std::size_t>(slot)]);
}

ModelWriter relu() {
  return ModelWriter()
      .input("x", DataType::kFloat32, {1, "N"})
      .node("Relu", {"x"}, {"y"})
      .output("y", DataType::kFloat32, {1, "N"});
}

TEST(OnnxGraph, IsReadFromAFile) {
  TempFolder folder;
  relu().save(folder / "relu.onnx");
  auto graph = importers::import_onnx(folder / "relu.onnx", {.shapes = {{"x", {1, 8}}}});
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->to_text(),
            "graph \n"
            "  input %x float32[1,8]\n"
            "  %y float32[1,N] = Relu(%x)\n"
            "  return %y\n");
}

TEST(OnnxGraph, ErrorsNameTheFile) {
  TempFolder folder;
  relu().opset(6).save(folder / "old.onnx");
  const auto graph = importers::import_onnx(folder / "old.onnx");
  EXPECT_THAT(graph.status().message(), HasSubstr((folder / "old.onnx").string() + ": "));
}

TEST(OnnxGraph, NodesKeepTheFilesOrderAndNamelessOnesGetOne) {
  const auto graph = imported(ModelWriter()
                                  .input("x", DataType::kFloat32, {2})
                                  .node("Exp", {"a"}, {"y"})
                                  .name("first")
                                  .node("Relu", {"x"}, {"a"})
                                  .output("y", DataType::kFloat32, {2}));
  ASSERT_EQ(graph->nodes().size(), 2u);
  EXPECT_EQ(graph->node(0).name, "Exp_0");
  EXPECT_EQ(graph->node(1).name, "first");
  EXPECT_EQ(graph->node(0).opset, 17);
}

TEST(OnnxGraph, OptionalInputsAndOutputsLeftOutHaveNoValue) {
  const auto graph = imported(ModelWriter()
                                  .input("x", DataType::kFloat32, {2})
                                  .node("Clip", {"x", "", "x"}, {"", "y"})
                                  .output("y", DataType::kFloat32, {2}));
  const graph::Node& node = graph->node(0);
  EXPECT_THAT(node.inputs, ElementsAre(graph->inputs[0], kNoValue, graph->inputs[0]));
  EXPECT_THAT(node.outputs, ElementsAre(kNoValue, graph->outputs[0]));
}

TEST(OnnxGraph, KnownInputExtentsAreAShapeAndSymbolsAreKept) {
  const auto graph = imported(ModelWriter()
                                  .input("a", DataType::kFloat32, {0, 3})
                                  .input("b", DataType::kInt64, {"N", "", 4})
                                  .input("scalar", DataType::kBool, {})
                                  .output("a", DataType::kFloat32, {}));
  const Value& a = graph->value(graph->inputs[0]);
  const Value& b = graph->value(graph->inputs[1]);
  EXPECT_EQ(a.shape, (core::Shape{0, 3}));
  EXPECT_EQ(b.type, DataType::kInt64);
  EXPECT_FALSE(b.shape.has_value());
  ASSERT_TRUE(b.declared.has_value());
  EXPECT_EQ((*b.declared)[0].symbol, "N");
  EXPECT_EQ((*b.declared)[1].symbol, "");
  EXPECT_EQ((*b.declared)[1].extent, -1);
  EXPECT_EQ((*b.declared)[2].extent, 4);
  EXPECT_EQ(graph->value(graph->inputs[2]).shape, core::Shape{});
}

TEST(OnnxGraph, GivenShapesAreBoundOrRefused) {
  const auto bound = imported(relu(), {.shapes = {{"x", {1, 8}}}});
  EXPECT_EQ(bound->value(bound->inputs[0]).shape, (core::Shape{1, 8}));

  const auto disagree = import_bytes(relu(), {.shapes = {{"x", {2, 8}}}});
  EXPECT_EQ(disagree.status(), core::Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(disagree.status().message(), HasSubstr("expected shape [1,N], was given [2,8]"));
  const auto unknown = import_bytes(relu(), {.shapes = {{"z", {1}}}});
  EXPECT_THAT(unknown.status().message(), HasSubstr("no input 'z'"));
}

TEST(OnnxGraph, InitialisersListedAsInputsAreConstantsInEveryIrVersion) {
  for (int version : {3, 4, 13}) {
    const auto graph =
        imported(ModelWriter()
                     .ir_version(version)
                     .input("x", DataType::kFloat32, {2})
                     .input("w", DataType::kFloat32, {2})
                     .initialiser(TensorWriter("w", DataType::kFloat32, {2}).raw<float>({1, 2}))
                     .node("Add", {"x", "w"}, {"y"})
                     .output("y", DataType::kFloat32, {2}));
    EXPECT_EQ(graph->inputs.size(), 1u);
    const Value& w = input_of(*graph, 0, 1);
    ASSERT_TRUE(w.is_constant());
    EXPECT_EQ(w.kind, graph::MemoryKind::kConstant);
    EXPECT_THAT(values_of<float>(*w.constant), ElementsAre(1, 2));
  }
}

TEST(OnnxGraph, ConstantNodesBecomeConstants) {
  const auto graph = imported(
      ModelWriter()
          .node("Constant", {}, {"t"},
                {attribute("value", TensorWriter("", DataType::kInt32, {2})
                                        .ints(fields::tensor::kInt32Data, {-3, 4}))})
          .node("Constant", {}, {"i"}, {attribute("value_int", -7)})
          .node("Constant", {}, {"is"}, {attribute("value_ints", std::vector<std::int64_t>{1, 2})})
          .node("Constant", {}, {"f"}, {attribute("value_float", 0.5F)})
          .node("Constant", {}, {"fs"}, {attribute("value_floats", std::vector<float>{1, 2})})
          .node("Use", {"t", "i", "is", "f", "fs"}, {"y"})
          .output("y", DataType::kFloat32, {}));
  ASSERT_EQ(graph->nodes().size(), 1u);
  EXPECT_THAT(values_of<std::int32_t>(*input_of(*graph, 0, 0).constant), ElementsAre(-3, 4));
  EXPECT_THAT(values_of<std::int64_t>(*input_of(*graph, 0, 1).constant), ElementsAre(-7));
  EXPECT_EQ(input_of(*graph, 0, 1).shape, core::Shape{});
  EXPECT_THAT(values_of<std::int64_t>(*input_of(*graph, 0, 2).constant), ElementsAre(1, 2));
  EXPECT_THAT(values_of<float>(*input_of(*graph, 0, 3).constant), ElementsAre(0.5F));
  EXPECT_EQ(input_of(*graph, 0, 4).shape, core::Shape{2});
}

TEST(OnnxGraph, AttributesKeepTheirTypes) {
  const auto graph =
      imported(ModelWriter()
                   .node("Any", {}, {"y"},
                         {attribute("i", -1), attribute("f", 2.5F), attribute("s", "text"),
                          attribute("is", std::vector<std::int64_t>{1, -2}),
                          attribute("fs", std::vector<float>{0.5F}),
                          attribute("ss", std::vector<std::string>{"a", "b"}),
                          attribute("t", TensorWriter("", DataType::kFloat32, {}).raw<float>({3})),
                          attribute_bytes("zero", importers::AttributeType::kInt, "")})
                   .output("y", DataType::kFloat32, {}));
  const graph::Node& node = graph->node(0);
  EXPECT_EQ(node.get_int("i", 0), -1);
  EXPECT_EQ(node.get_float("f", 0), 2.5F);
  EXPECT_EQ(node.get_string("s", ""), "text");
  EXPECT_THAT(node.get_ints("is"), ElementsAre(1, -2));
  EXPECT_THAT(node.get_floats("fs"), ElementsAre(0.5F));
  EXPECT_THAT(*node.find<std::vector<std::string>>("ss"), ElementsAre("a", "b"));
  EXPECT_THAT(values_of<float>(*node.find<core::Tensor>("t")), ElementsAre(3));
  EXPECT_EQ(node.get_int("zero", 5), 0) << "proto3 writers leave zeros out";
}

TEST(OnnxGraph, TheDomainAiOnnxIsTheDefaultOne) {
  const auto graph = imported(ModelWriter()
                                  .no_opset()
                                  .opset(17, "ai.onnx")
                                  .opset(1, "com.microsoft")
                                  .input("x", DataType::kFloat32, {2})
                                  .node("Relu", {"x"}, {"a"})
                                  .node("Exp", {"a"}, {"b"}, {}, "ai.onnx")
                                  .node("Gelu", {"b"}, {"y"}, {}, "com.microsoft")
                                  .output("y", DataType::kFloat32, {2}));
  EXPECT_EQ(graph->node(0).opset, 17);
  EXPECT_EQ(graph->node(1).domain, "");
  EXPECT_EQ(graph->node(1).opset, 17);
  EXPECT_EQ(graph->node(2).opset, 1);
}

// if (c) { y = x + w } else { if (c) { y = -x } else { y = w } }, with x and w from outside.
ModelWriter nested_ifs() {
  const auto innermost =
      GraphWriter().node("Neg", {"x"}, {"inner"}).output("inner", DataType::kFloat32, {});
  const auto other =
      GraphWriter().node("Identity", {"w"}, {"inner"}).output("inner", DataType::kFloat32, {});
  const auto then_branch =
      GraphWriter().node("Add", {"x", "w"}, {"sum"}).output("sum", DataType::kFloat32, {});
  const auto else_branch =
      GraphWriter()
          .node("If", {"c"}, {"nested"},
                {attribute("then_branch", innermost), attribute("else_branch", other)})
          .output("nested", DataType::kFloat32, {});
  return ModelWriter()
      .input("c", DataType::kBool, {})
      .input("x", DataType::kFloat32, {})
      .initialiser(TensorWriter("w", DataType::kFloat32, {}).raw<float>({1}))
      .node("If", {"c"}, {"y"},
            {attribute("then_branch", then_branch), attribute("else_branch", else_branch)})
      .output("y", DataType::kFloat32, {});
}

std::vector<std::string> outer_names(const Graph& graph) {
  std::vector<std::string> names;
  for (graph::ValueId id : graph.outer_values) names.push_back(graph.value(id).name);
  return names;
}

TEST(OnnxGraph, SubgraphsRecordWhatTheyReadFromEveryGraphAround) {
  const auto graph = imported(nested_ifs());
  EXPECT_TRUE(graph->outer_values.empty());
  const auto* then_branch = graph->node(0).find<std::shared_ptr<const Graph>>("then_branch");
  const auto* else_branch = graph->node(0).find<std::shared_ptr<const Graph>>("else_branch");
  ASSERT_TRUE(then_branch != nullptr && else_branch != nullptr);
  EXPECT_THAT(outer_names(**then_branch), ElementsAre("x", "w"));
  EXPECT_THAT(outer_names(**else_branch), ElementsAre("c", "x", "w"));
  const auto* innermost = (*else_branch)->node(0).find<std::shared_ptr<const Graph>>("then_branch");
  ASSERT_NE(innermost, nullptr);
  EXPECT_THAT(outer_names(**innermost), ElementsAre("x"));
  EXPECT_EQ((*innermost)->node(0).opset, 17);
}

TEST(OnnxGraph, ANameDefinedInASubgraphHidesTheOuterOne) {
  const auto body = GraphWriter().input_of("x", "").node("Relu", {"x"}, {"y"}).output_of("y", "");
  const auto graph = imported(ModelWriter()
                                  .input("x", DataType::kFloat32, {})
                                  .node("Loop", {"", "", "x"}, {"y"}, {attribute("body", body)})
                                  .output("y", DataType::kFloat32, {}));
  const auto& subgraph = **graph->node(0).find<std::shared_ptr<const Graph>>("body");
  EXPECT_EQ(subgraph.inputs.size(), 1u);
  EXPECT_TRUE(subgraph.outer_values.empty());
}

TEST(OnnxGraph, AnExtentOfMinusOneIsUnknown) {
  auto graph = import_bytes(ModelWriter()
                                .input("x", DataType::kFloat32, {-1, 3})
                                .node("Relu", {"x"}, {"y"})
                                .output("y", DataType::kFloat32, {-1, 3}));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_FALSE((*graph)->value((*graph)->inputs[0]).shape);
  EXPECT_TRUE(graph::bind_input_shape(**graph, "x", {7, 3}).ok());
  EXPECT_EQ((*graph)->value((*graph)->inputs[0]).shape, (core::Shape{7, 3}));
}

TEST(OnnxGraph, AnOutputMayBeListedTwice) {
  auto graph = import_bytes(ModelWriter()
                                .input("x", DataType::kFloat32, {2})
                                .node("Relu", {"x"}, {"y"})
                                .output("y", DataType::kFloat32, {2})
                                .output("y", DataType::kFloat32, {2}));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  ASSERT_EQ((*graph)->outputs.size(), 2u);
  EXPECT_EQ((*graph)->outputs[0], (*graph)->outputs[1]);
}

TEST(OnnxGraph, StringsThatNobodyReadsAreLeftOut) {
  const auto strings = TensorWriter("s", DataType::kString, {1});
  const auto model = [&] {
    return ModelWriter()
        .input("x", DataType::kFloat32, {2})
        .initialiser(strings)
        .node("Constant", {}, {"text"}, {attribute("value_string", "words")})
        .node("Relu", {"x"}, {"y"})
        .output("y", DataType::kFloat32, {2});
  };
  auto graph = import_bytes(model().input("s", DataType::kString, {1}));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->inputs.size(), 1u);
  EXPECT_EQ(import_bytes(model().node("Exp", {"s"}, {"z"})).status(),
            core::Status::ERROR_UNSUPPORTED);
  EXPECT_EQ(import_bytes(model().output("text", DataType::kFloat32, {})).status(),
            core::Status::ERROR_UNSUPPORTED);
  const auto branch = GraphWriter().node("Exp", {"s"}, {"b"}).output("b", DataType::kFloat32, {});
  EXPECT_EQ(
      import_bytes(model().node("If", {"x"}, {"z"}, {attribute("then_branch", branch)})).status(),
      core::Status::ERROR_UNSUPPORTED)
      << "a subgraph reads it";
}

TEST(OnnxGraph, RawWeightsAreViewsIntoTheFile) {
  const std::string bytes =
      ModelWriter()
          .initialiser(TensorWriter("w", DataType::kFloat32, {2}).raw<float>({1, 2}))
          .output("w", DataType::kFloat32, {2})
          .bytes();
  const auto owner = std::make_shared<std::string>(bytes);
  auto graph = importers::import_model({*owner, owner, nullptr}, {}, any_operator);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const core::Tensor& w = *(*graph)->value(0).constant;
  const auto* first = reinterpret_cast<const char*>(w.bytes().data());
  EXPECT_GE(first, owner->data());
  EXPECT_LE(first + w.size_bytes(), owner->data() + owner->size());
  EXPECT_EQ(owner.use_count(), 2) << "the tensor must keep the file alive";
}

}  // namespace
}  // namespace mini_infer::test
