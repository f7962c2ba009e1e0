#include "ops/declared_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mini_infer/core/log.h"

namespace mini_infer::test {
namespace {

using graph::Dim;
using graph::Graph;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// x[N, 3], of which N is 2 and known, and y of the shape that inference found.
Graph graph_with_output(std::vector<Dim> stated, core::Shape found) {
  Graph graph;
  graph::Value x;
  x.name = "x";
  x.declared = {{2, "N"}, {3, ""}};
  x.shape = {2, 3};
  graph.inputs = {graph.add_value(x)};
  graph::Value y;
  y.name = "y";
  y.declared = std::move(stated);
  y.shape = std::move(found);
  graph.outputs = {graph.add_value(y)};
  return graph;
}

std::vector<std::string> warnings_of(Graph& graph) {
  std::vector<std::string> lines;
  core::set_log_callback([&](core::LogLevel, std::string_view line) { lines.emplace_back(line); });
  ops::drop_wrong_annotations(graph);
  core::set_log_callback({});
  return lines;
}

TEST(DeclaredShape, WhatAgreesStays) {
  for (const std::vector<Dim>& stated :
       {std::vector<Dim>{{-1, "N"}, {10, ""}}, {{-1, "M"}, {-1, "K"}}, {{-1, ""}, {-1, ""}}}) {
    Graph graph = graph_with_output(stated, {2, 10});
    EXPECT_THAT(warnings_of(graph), IsEmpty());
    EXPECT_TRUE(graph.value(graph.outputs[0]).declared);
  }
}

TEST(DeclaredShape, ASymbolThatInferenceContradictsIsAWarningOnce) {
  Graph graph = graph_with_output({{-1, "N"}, {10, ""}}, {4, 10});
  EXPECT_THAT(warnings_of(graph),
              ElementsAre(HasSubstr("output 'y': the model states the shape [N,10], N = 2, and "
                                    "inference finds [4,10], which is used")));
  EXPECT_THAT(warnings_of(graph), IsEmpty());
}

TEST(DeclaredShape, OneSymbolForTwoExtentsAndAnotherRankAreWarnings) {
  Graph twice = graph_with_output({{-1, "M"}, {-1, "M"}}, {4, 10});
  EXPECT_THAT(warnings_of(twice),
              ElementsAre(HasSubstr("[M,M], M = 4, and inference finds [4,10]")));
  Graph rank = graph_with_output({{-1, "N"}}, {2, 10});
  EXPECT_THAT(warnings_of(rank), ElementsAre(HasSubstr("[N], N = 2, and inference finds [2,10]")));
}

}  // namespace
}  // namespace mini_infer::test
