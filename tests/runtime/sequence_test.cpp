#include "mini_infer/runtime/sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

namespace mini_infer::runtime {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;
using graph::Dim;
using graph::Graph;
using graph::Value;
using graph::ValueId;
using test::GraphBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// in -> op -> out
Graph stage_of(const std::string& op, const std::string& in, const std::string& out,
               DataType type = DataType::kFloat32, std::int64_t extent = 4) {
  Graph graph;
  graph.opsets[""] = 14;
  const auto value = [&](const std::string& name) {
    Value made;
    made.name = name;
    made.type = type;
    made.shape = Shape{extent};
    made.declared = {{Dim{-1, "N"}}};
    return graph.add_value(made);
  };
  graph.inputs = {value(in)};
  graph.outputs = {value(out)};
  graph.add_node({.name = op + "_0",
                  .op = op,
                  .domain = "",
                  .opset = 14,
                  .inputs = graph.inputs,
                  .outputs = graph.outputs,
                  .attributes = {}});
  return graph;
}

std::vector<std::string> names(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> all;
  for (const ValueId id : ids) all.push_back(graph.value(id).name);
  return all;
}

class SequenceTest : public ::testing::Test {
 protected:
  core::Result<std::shared_ptr<Graph>> join(const std::vector<HandOff>& hand_offs) const {
    const Stage stages[] = {{"detect", &detect_}, {"classify", &classify_}};
    return join_in_sequence(stages, hand_offs);
  }
  void expect_refused(const HandOff& hand_off, const std::string& why) const {
    const Status status = join({hand_off}).status();
    EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
    EXPECT_THAT(status.message(), HasSubstr(why));
  }

  Graph detect_ = stage_of("Relu", "image", "box");
  Graph classify_ = stage_of("Sigmoid", "crop", "class");
};

TEST_F(SequenceTest, WhatIsHandedOnIsNeitherInputNorOutput) {
  const auto joined = join({{.from = 0, .output = "box", .to = 1, .input = "crop"}});
  ASSERT_TRUE(joined.ok()) << joined.status().to_string();
  const Graph& graph = **joined;
  EXPECT_THAT(names(graph, graph.inputs), ElementsAre("detect/image"));
  EXPECT_THAT(names(graph, graph.outputs), ElementsAre("classify/class"));
  ASSERT_EQ(graph.nodes().size(), 2u);
  EXPECT_EQ(graph.nodes()[1].name, "classify/Sigmoid_0");
  EXPECT_EQ(graph.nodes()[1].inputs, graph.nodes()[0].outputs);
  EXPECT_EQ(graph.value(graph.inputs[0]).declared->at(0).symbol, "detect/N");
}

TEST_F(SequenceTest, UnlessItIsKept) {
  const auto joined = join({{.from = 0, .output = "box", .to = 1, .input = "crop", .keep = true}});
  ASSERT_TRUE(joined.ok());
  EXPECT_THAT(names(**joined, (*joined)->outputs), ElementsAre("detect/box", "classify/class"));
}

TEST_F(SequenceTest, StagesThatHandNothingOnStandSideBySide) {
  const auto joined = join({});
  ASSERT_TRUE(joined.ok());
  EXPECT_THAT(names(**joined, (*joined)->inputs), ElementsAre("detect/image", "classify/crop"));
  EXPECT_THAT(names(**joined, (*joined)->outputs), ElementsAre("detect/box", "classify/class"));
}

TEST_F(SequenceTest, OneOutputIsHandedToSeveral) {
  const Graph third = stage_of("Tanh", "crop", "mask");
  const Stage stages[] = {{"a", &detect_}, {"b", &classify_}, {"c", &third}};
  const HandOff hand_offs[] = {{.from = 0, .output = "box", .to = 1, .input = "crop"},
                               {.from = 0, .output = "box", .to = 2, .input = "crop"}};
  const auto joined = join_in_sequence(stages, hand_offs);
  ASSERT_TRUE(joined.ok()) << joined.status().to_string();
  EXPECT_EQ((*joined)->nodes()[2].inputs, (*joined)->nodes()[0].outputs);
}

TEST_F(SequenceTest, HandOffsThatCannotBeAreRefused) {
  expect_refused({.from = 0, .output = "boxes", .to = 1, .input = "crop"},
                 "stage 'detect' has no output 'boxes'");
  expect_refused({.from = 0, .output = "box", .to = 1, .input = "image"},
                 "stage 'classify' has no input 'image'");
  expect_refused({.from = 1, .output = "class", .to = 0, .input = "image"},
                 "'class' of stage 'classify' is handed to stage 'detect': expected a later stage");
  expect_refused({.from = 0, .output = "box", .to = 2, .input = "crop"}, "but there are 2");
  const HandOff once{.from = 0, .output = "box", .to = 1, .input = "crop"};
  EXPECT_THAT(join({once, once}).status().message(),
              HasSubstr("input 'crop' of stage 'classify' is handed to more than once"));
}

TEST_F(SequenceTest, TypesAndShapesMustAgree) {
  classify_ = stage_of("Sigmoid", "crop", "class", DataType::kFloat16);
  expect_refused({.from = 0, .output = "box", .to = 1, .input = "crop"},
                 "input 'crop': expected float16, 'box' of stage 'detect' is float32");
  classify_ = stage_of("Sigmoid", "crop", "class", DataType::kFloat32, 5);
  expect_refused({.from = 0, .output = "box", .to = 1, .input = "crop"},
                 "expected shape [5], was given [4]");
}

TEST_F(SequenceTest, StagesHaveGraphsAndNamesOfTheirOwn) {
  const Stage same[] = {{"a", &detect_}, {"a", &classify_}};
  EXPECT_THAT(join_in_sequence(same, {}).status().message(),
              HasSubstr("two stages have the name 'a'"));
  const Stage none[] = {{"a", nullptr}};
  EXPECT_THAT(join_in_sequence(none, {}).status().message(), HasSubstr("stage 'a' has no graph"));
  EXPECT_THAT(join_in_sequence({}, {}).status().message(), HasSubstr("no stage was given"));
}

// --- What an engine makes of it ---

constexpr std::int64_t kExtent = 1024;

// y = f(g(x) * 2), wide in the middle.
std::shared_ptr<graph::Graph> stage(const std::string& first, const std::string& second) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, kExtent});
  const ValueId two = b.constant(
      Tensor::from<float>(core::DataType::kFloat32, core::Shape{}, std::vector<float>{2}));
  const ValueId wide = b.op("Expand", {b.op(first, {x}), b.int64s({4, kExtent})});
  const ValueId narrow = b.op("ReduceMax", {wide}, {{"axes", std::vector<std::int64_t>{0}}});
  b.output(b.op(second, {b.op("Mul", {narrow, two})}, {}, "y"));
  return b.share();
}

std::vector<float> run(const Engine& engine, const std::string& input, const std::string& output,
                       const std::vector<float>& x) {
  const Tensor tensor = Tensor::from<float>(core::DataType::kFloat32, core::Shape{1, kExtent}, x);
  EXPECT_TRUE(engine.context()->set_input(input, tensor).ok());
  EXPECT_TRUE(engine.context()->run().ok());
  const auto y = engine.context()->output(output);
  EXPECT_TRUE(y.ok()) << y.status().to_string();
  return {y->as<float>().begin(), y->as<float>().end()};
}

TEST(Sequence, ComputesAsTheStagesDoInTheBytesOfTheLargest) {
  const auto a = stage("Sigmoid", "Relu");
  const auto b = stage("Tanh", "Sigmoid");
  const Stage stages[] = {{"a", a.get()}, {"b", b.get()}};
  const HandOff hand_offs[] = {{.from = 0, .output = "y", .to = 1, .input = "x"}};
  const auto joined = join_in_sequence(stages, hand_offs);
  ASSERT_TRUE(joined.ok()) << joined.status().to_string();
  Engine first, second, both;
  ASSERT_TRUE(first.build(a).ok());
  ASSERT_TRUE(second.build(b).ok());
  const core::Status built = both.build(*joined);
  ASSERT_TRUE(built.ok()) << built.to_string();
  std::vector<float> x;
  for (std::int64_t i = 0; i < kExtent; ++i) x.push_back(static_cast<float>(i % 17) - 8);
  EXPECT_EQ(run(both, "a/x", "b/y", x), run(second, "x", "y", run(first, "x", "y", x)));
  EXPECT_EQ(both.activation_bytes(), std::max(first.activation_bytes(), second.activation_bytes()));
}

}  // namespace
}  // namespace mini_infer::runtime
