#include "mini_infer/graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mini_infer::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ValueId float_value(Graph& graph, const std::string& name) {
  Value value;
  value.name = name;
  value.type = core::DataType::kFloat32;
  value.shape = core::Shape{2};
  return graph.add_value(value);
}

NodeId relu(Graph& graph, const std::string& name, ValueId from, ValueId to) {
  return graph.add_node({.name = name,
                         .op = "Relu",
                         .domain = "",
                         .opset = 14,
                         .inputs = {from},
                         .outputs = {to},
                         .attributes = {}});
}

// x -> a -> y
Graph chain() {
  Graph graph;
  ValueId x = float_value(graph, "x"), a = float_value(graph, "a"), y = float_value(graph, "y");
  relu(graph, "first", x, a);
  relu(graph, "second", a, y);
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

TEST(Graph, AChainVerifiesAndPrintsItself) {
  Graph graph = chain();
  EXPECT_TRUE(graph.verify().ok()) << graph.verify().message();
  EXPECT_EQ(graph.to_text(),
            "graph \n"
            "  input %x float32[2]\n"
            "  %a float32[2] = Relu(%x)\n"
            "  %y float32[2] = Relu(%a)\n"
            "  return %y\n");
}

TEST(Graph, ACycleNamesItsNodesInTheOrderDataFlows) {
  Graph graph = chain();
  graph.node(0).inputs = {graph.node(1).outputs[0]};
  const core::Status status = graph.verify();
  EXPECT_EQ(status.code(), core::Status::ERROR_INVALID_MODEL);
  EXPECT_THAT(status.message(), HasSubstr("cycle"));
  EXPECT_THAT(status.message(), HasSubstr("Relu 'first'"));
  EXPECT_THAT(status.message(), HasSubstr("Relu 'second'"));
}

TEST(Graph, ADanglingInputIsNamedWithItsNode) {
  Graph graph = chain();
  graph.inputs.clear();
  EXPECT_THAT(graph.verify().message(), HasSubstr("Relu 'first'"));
  EXPECT_THAT(graph.verify().message(), HasSubstr("'x' is made by no node"));
}

TEST(Graph, AValueMadeTwiceNamesBothNodes) {
  Graph graph = chain();
  relu(graph, "third", graph.inputs[0], graph.outputs[0]);
  EXPECT_THAT(graph.verify().message(), HasSubstr("'second'"));
  EXPECT_THAT(graph.verify().message(), HasSubstr("'third'"));
}

TEST(Graph, SortKeepsAnOrderThatIsAlreadyTopological) {
  Graph graph = chain();
  std::vector<NodeId> order;
  ASSERT_TRUE(graph.topological_sort(order).ok());
  EXPECT_THAT(order, ElementsAre(0, 1));
}

TEST(Graph, SortPutsALateAddedProducerJustBeforeItsReader) {
  Graph graph = chain();
  ValueId middle = float_value(graph, "middle");
  NodeId late = relu(graph, "late", graph.node(0).outputs[0], middle);
  graph.node(1).inputs = {middle};
  std::vector<NodeId> order;
  ASSERT_TRUE(graph.topological_sort(order).ok());
  EXPECT_THAT(order, ElementsAre(0, late, 1));
}

TEST(Graph, ADeepChainDoesNotOverflowTheStack) {
  Graph graph;
  graph.inputs = {float_value(graph, "x")};
  ValueId last = graph.inputs[0];
  for (int i = 0; i < 200000; ++i) {
    ValueId next = float_value(graph, "v");
    relu(graph, "n", last, next);
    last = next;
  }
  graph.outputs = {last};
  EXPECT_TRUE(graph.verify().ok());
}

TEST(Graph, CompactDropsNodesAndUnmentionedValues) {
  Graph graph = chain();
  ValueId unused = float_value(graph, "unused");
  relu(graph, "dead", graph.inputs[0], unused);
  ASSERT_TRUE(graph.compact({true, true, false}).ok());
  EXPECT_EQ(graph.nodes().size(), 2u);
  EXPECT_EQ(graph.values().size(), 3u);
  EXPECT_TRUE(graph.verify().ok()) << graph.verify().message();
}

TEST(BindInputShape, OneSymbolIsBoundInEveryInput) {
  Graph graph = chain();
  ValueId z = float_value(graph, "z");
  graph.inputs.push_back(z);
  for (ValueId id : graph.inputs) {
    graph.value(id).shape.reset();
    graph.value(id).declared = {{-1, "batch"}};
  }
  ASSERT_TRUE(bind_input_shape(graph, "x", core::Shape{5}).ok());
  EXPECT_EQ(graph.value(z).shape, core::Shape{5});
  EXPECT_THAT(bind_input_shape(graph, "z", core::Shape{6}).message(),
              HasSubstr("expected shape [5]"));
}

TEST(BindInputShape, RefusesRankNegativeAndHugeExtentsAndUnknownNames) {
  Graph graph = chain();
  graph.value(graph.inputs[0]).shape.reset();
  graph.value(graph.inputs[0]).declared = {{-1, "n"}};
  for (const core::Shape& shape : {core::Shape{1, 2}, core::Shape{-1}, core::Shape{INT64_MAX}}) {
    EXPECT_EQ(bind_input_shape(graph, "x", shape).code(), core::Status::ERROR_INVALID_ARGUMENT);
  }
  EXPECT_THAT(bind_input_shape(graph, "nope", core::Shape{1}).message(),
              HasSubstr("no input 'nope'; its inputs are 'x'"));
}

}  // namespace
}  // namespace mini_infer::graph
