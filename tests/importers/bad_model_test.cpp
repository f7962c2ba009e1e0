#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "importers/import_bytes.h"
#include "importers/temp_folder.h"
#include "mini_infer/importers/onnx.h"

// What a loader must withstand: each file here has broken another one.
namespace mini_infer::test {
namespace {

using core::Status;
using ::testing::HasSubstr;

constexpr auto kFloat = DataType::kFloat32;

void expect_refused(const ModelWriter& model, Status::Code code, const std::string& message) {
  const auto graph = import_bytes(model);
  EXPECT_EQ(graph.status().code(), code) << graph.status().to_string();
  EXPECT_THAT(graph.status().message(), HasSubstr(message));
}

void expect_invalid(const ModelWriter& model, const std::string& message) {
  expect_refused(model, Status::ERROR_INVALID_MODEL, message);
}

void expect_unsupported(const ModelWriter& model, const std::string& message) {
  expect_refused(model, Status::ERROR_UNSUPPORTED, message);
}

ModelWriter small_model() {
  return ModelWriter()
      .input("x", kFloat, {2})
      .initialiser(TensorWriter("w", kFloat, {2}).raw<float>({1, 2}))
      .node("Add", {"x", "w"}, {"a"})
      .name("last")
      .node("Relu", {"a"}, {"y"}, {attribute("axis", 1)})
      .output("y", kFloat, {2});
}

TEST(OnnxBadModel, FilesThatAreNoModel) {
  TempFolder folder;
  auto message = [&](const std::filesystem::path& path, Status::Code code) {
    const auto graph = importers::import_onnx(path);
    EXPECT_EQ(graph.status().code(), code) << graph.status().to_string();
    return graph.status().message();
  };
  EXPECT_THAT(message(folder / "none.onnx", Status::ERROR_IO), HasSubstr("No such file"));
  EXPECT_THAT(message(folder.path(), Status::ERROR_IO), HasSubstr("not a regular file"));
  EXPECT_THAT(message(folder.write("empty.onnx", ""), Status::ERROR_IO), HasSubstr("is empty"));
  EXPECT_THAT(message(folder.write("text.onnx", "hello, world"), Status::ERROR_INVALID_MODEL),
              HasSubstr("ModelProto is malformed"));
  EXPECT_THAT(message(folder.write("no_graph.onnx", "\x08\x08"), Status::ERROR_INVALID_MODEL),
              HasSubstr("no ONNX model"));
}

TEST(OnnxBadModel, CutShortAtEveryByte) {
  const std::string bytes = small_model().bytes();
  ASSERT_TRUE(import_bytes(bytes).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto graph = import_bytes(bytes.substr(0, size));
    EXPECT_EQ(graph.status().code(), Status::ERROR_INVALID_MODEL) << "at byte " << size;
    EXPECT_FALSE(graph.status().message().empty());
  }
}

TEST(OnnxBadModel, MalformedPartsAreNamed) {
  std::string node;
  protozero::pbf_writer(node).add_string(fields::node::kOpType, "Relu");
  protozero::pbf_writer(node).add_int64(fields::node::kInput, 1);
  expect_invalid(small_model().field(fields::graph::kNode, node),
                 "graph: node 2: NodeProto is malformed or cut short (a field has the wrong wire");
}

TEST(OnnxBadModel, ALengthBeyond32BitsIsNotCutToFit) {
  // Field 2, 2^32 + 1 bytes long.
  const std::string bytes = std::string("\x12\x81\x80\x80\x80\x10") + "x";
  EXPECT_THAT(import_bytes(bytes).status().message(),
              HasSubstr("has a length that does not fit what it holds"));
}

TEST(OnnxBadModel, Opsets) {
  expect_unsupported(small_model().opset(6), "opset 6; opsets 7 to 28 are supported");
  expect_unsupported(small_model().opset(29), "opset 29; opsets 7 to 28 are supported");
  expect_invalid(small_model().opset(-1), "opset -1 of domain '' does not exist");
  expect_invalid(small_model().no_opset(), "Add 'Add_0': the model imports no opset");
  expect_invalid(small_model().opset(18, "ai.onnx"), "in two versions");
  expect_unsupported(small_model().ir_version(15), "IR version 15; at most 14");
}

TEST(OnnxBadModel, ACycleNamesItsNodes) {
  expect_invalid(ModelWriter()
                     .name("one")
                     .node("Relu", {"b"}, {"a"})
                     .name("two")
                     .node("Exp", {"a"}, {"b"})
                     .output("b", kFloat, {}),
                 "the graph has a cycle: Relu 'one' (opset 17) -> Exp 'two' (opset 17)");
}

TEST(OnnxBadModel, ACycleThroughASubgraph) {
  const auto branch = GraphWriter().node("Relu", {"later"}, {"b"}).output("b", kFloat, {});
  expect_invalid(ModelWriter()
                     .input("c", DataType::kBool, {})
                     .node("If", {"c"}, {"y"},
                           {attribute("then_branch", branch), attribute("else_branch", branch)})
                     .node("Exp", {"y"}, {"later"})
                     .output("later", kFloat, {}),
                 "the graph has a cycle");
}

TEST(OnnxBadModel, DanglingNames) {
  expect_invalid(ModelWriter().node("Relu", {"ghost"}, {"y"}).output("y", kFloat, {}),
                 "Relu 'Relu_0' (opset 17): input 'ghost' is made by no node");
  expect_invalid(ModelWriter().output("ghost", kFloat, {}), "output 'ghost' is made by no node");
  const auto branch = GraphWriter().node("Relu", {"ghost"}, {"b"}).output("b", kFloat, {});
  expect_invalid(ModelWriter()
                     .node("If", {}, {"y"}, {attribute("then_branch", branch)})
                     .output("y", kFloat, {}),
                 "If 'If_0' (opset 17): attribute 'then_branch': Relu 'Relu_0' (opset 17): input "
                 "'ghost' is made by no node");
}

TEST(OnnxBadModel, DuplicateNames) {
  const auto w = TensorWriter("w", kFloat, {}).raw<float>({1});
  expect_invalid(small_model().input("x", kFloat, {2}), "two graph inputs are named 'x'");
  expect_invalid(small_model().initialiser(w), "value 'w' is made twice");
  expect_invalid(small_model().node("Exp", {"x"}, {"y"}),
                 "value 'y' is made twice: by Relu 'last' (opset 17) and by Exp 'Exp_2'");
  expect_invalid(small_model().node("Exp", {"x"}, {"w"}), "makes 'w', which is also a constant");
  expect_invalid(small_model().node("Exp", {"a"}, {"x"}), "input 'x' is also made by Exp 'Exp_2'");
  expect_invalid(small_model().node("Constant", {}, {"y"}, {attribute("value_int", 1)}),
                 "Constant 'Constant_2': value 'y' is made twice");
  expect_invalid(small_model().node("Exp", {"x"}, {"z"}, {attribute("n", 1), attribute("n", 2)}),
                 "Exp 'Exp_2' (opset 17): attribute 'n' is given twice");
}

TEST(OnnxBadModel, NamelessParts) {
  expect_invalid(small_model().input("", kFloat, {}), "a graph input has no name");
  expect_invalid(small_model().output("", kFloat, {}), "a graph output has no name");
  expect_invalid(small_model().initialiser(TensorWriter("", kFloat, {}).raw<float>({1})),
                 "an initialiser has no name");
  expect_invalid(small_model().node("", {"x"}, {"z"}), "the node names no operator");
  expect_invalid(small_model().node("Exp", {"x"}, {"z"}, {attribute("", 1)}),
                 "an attribute has no name");
  expect_invalid(small_model().node("Constant", {}, {""}, {attribute("value_int", 1)}),
                 "the constant it makes has no name");
}

TEST(OnnxBadModel, InputTypes) {
  expect_invalid(ModelWriter().input_of("x", "").output_of("x", ""), "input 'x' has no type");
  std::string empty_type;
  protozero::pbf_writer(empty_type).add_string(6, "denotation");
  expect_invalid(ModelWriter().input_of("x", empty_type), "input 'x' has no type");
  expect_invalid(ModelWriter().input("x", DataType::kUndefined, {}),
                 "input 'x': has element type 0");
  expect_unsupported(ModelWriter().input_of("x", sequence_type(tensor_type(kFloat, {}))),
                     "input 'x': is of type sequence(tensor(float))");
  expect_unsupported(ModelWriter().input("x", DataType::kString, {}),
                     "input 'x': is of type tensor(string)");
  expect_unsupported(small_model().output_of("a", sequence_type(tensor_type(kFloat, {}))),
                     "output 'a': is of type sequence(tensor(float))");
}

TEST(OnnxBadModel, InputExtents) {
  expect_invalid(ModelWriter().input("x", kFloat, {2, -2}),
                 "input 'x': extent 1 is -2; an unknown extent is a dim_param, or -1");
  const std::int64_t exa = std::int64_t{1} << 60;
  expect_invalid(ModelWriter().input("x", kFloat, {exa, exa}), "larger than any memory");
}

TEST(OnnxBadModel, NestingIsBounded) {
  std::string type = tensor_type(kFloat, {});
  for (int i = 0; i < 100; ++i) type = sequence_type(type);
  expect_unsupported(ModelWriter().input_of("x", type), "a type is nested more than 16 deep");

  GraphWriter graph;
  for (int i = 0; i < 1000; ++i) {
    graph = GraphWriter().node("If", {}, {"b"}, {attribute("then_branch", graph)});
  }
  expect_unsupported(ModelWriter().node("If", {}, {"y"}, {attribute("then_branch", graph)}),
                     "subgraphs are nested more than 32 deep");
}

TEST(OnnxBadModel, AnInputOfASubgraphMustNotBeAnInitialiser) {
  const auto body = GraphWriter()
                        .input("i", kFloat, {})
                        .initialiser(TensorWriter("i", kFloat, {}).raw<float>({1}))
                        .output("i", kFloat, {});
  expect_invalid(ModelWriter().node("Loop", {}, {"y"}, {attribute("body", body)}),
                 "input 'i' of a subgraph is also an initialiser");
}

TEST(OnnxBadModel, AttributeForms) {
  using importers::AttributeType;
  auto with = [](const AttributeBytes& bytes) {
    return small_model().node("Exp", {"x"}, {"z"}, {bytes});
  };
  std::string two_values, reference;
  protozero::pbf_writer(two_values).add_int64(fields::attribute::kInt, 1);
  protozero::pbf_writer(reference).add_string(fields::attribute::kRefAttrName, "alpha");
  expect_invalid(with(attribute_bytes("a", AttributeType::kFloat, two_values)),
                 "attribute 'a': holds a value that is not of its stated type");
  protozero::pbf_writer(two_values).add_float(fields::attribute::kFloat, 1);
  expect_invalid(with(attribute_bytes("a", AttributeType::kInt, two_values)),
                 "attribute 'a' holds values of two types");
  expect_invalid(with(attribute_bytes("a", AttributeType::kUndefined, "")), "unknown type 0");
  expect_invalid(with(attribute_bytes("a", static_cast<AttributeType>(77), "")), "unknown type 77");
  expect_invalid(with(attribute_bytes("a", AttributeType::kTensor, "")), "holds no value");
  expect_invalid(with(attribute_bytes("a", AttributeType::kGraph, "")), "holds no value");
  expect_unsupported(with(attribute_bytes("a", AttributeType::kFloat, reference)),
                     "refers to 'alpha', an attribute of a function");
  expect_unsupported(with(attribute_bytes("a", AttributeType::kSparseTensor, "")),
                     "is a sparse tensor or a type");
}

TEST(OnnxBadModel, ConstantsThatAreNoTensor) {
  auto with = [](const std::vector<AttributeBytes>& attributes) {
    return small_model().node("Constant", {}, {"c"}, attributes).node("Exp", {"c"}, {"z"});
  };
  expect_unsupported(with({attribute("value_string", "text")}),
                     "Constant 'Constant_2': a constant given by the attribute 'value_string'");
  expect_unsupported(with({attribute("value", TensorWriter("s", DataType::kString, {1}))}),
                     "Constant 'Constant_2': tensor 's': holds strings");
  expect_invalid(with({attribute("value", 1)}), "attribute 'value' has the wrong type");
  expect_invalid(with({}), "a Constant has one attribute");
}

}  // namespace
}  // namespace mini_infer::test
