#include "ops/alias_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/evaluator.h"
#include "ops/alias.h"
#include "ops/cuda_case.h"
#include "ops/infer.h"

namespace mini_infer::test {
namespace {

graph::Graph inferred(const OpCase& test_case) {
  graph::Graph graph = graph_of(test_case);
  const core::Status status = ops::infer(graph, cpu::evaluate);
  EXPECT_TRUE(status.ok()) << status.to_string();
  return graph;
}

}  // namespace

std::vector<ops::Alias> aliases_of(const OpCase& test_case) {
  const graph::Graph graph = inferred(test_case);
  return ops::aliases(ops::NodeView(graph, 0));
}

bool is_view(const OpCase& test_case) {
  const auto aliases = aliases_of(test_case);
  return aliases.size() == 1 && aliases[0].kind == ops::AliasKind::kView && aliases[0].input == 0 &&
         aliases[0].output == 0;
}

core::Tensor run_in_place(const OpCase& test_case) {
  const graph::Graph graph = inferred(test_case);
  auto kernel = cpu::backend().bind(ops::NodeView(graph, 0), {});
  EXPECT_TRUE(kernel.ok()) << kernel.status().to_string();
  core::Tensor shared =
      core::Tensor::copy_of(test_case.inputs[0].type(), *graph.value(graph.outputs[0]).shape,
                            test_case.inputs[0].bytes());
  std::vector<const void*> inputs;
  for (const core::Tensor& input : test_case.inputs) inputs.push_back(input.bytes().data());
  inputs[0] = shared.bytes().data();
  const std::vector<void*> outputs = {shared.mutable_bytes().data()};
  const core::Status status = kernel.value()({.inputs = inputs, .outputs = outputs});
  EXPECT_TRUE(status.ok()) << status.to_string();
  return shared;
}

void expect_overwrites(const OpCase& test_case, const core::Tensor& expected) {
  const auto aliases = aliases_of(test_case);
  ASSERT_EQ(aliases.size(), 1u);
  EXPECT_EQ(aliases[0].kind, ops::AliasKind::kOverwrite);
  EXPECT_THAT(run_in_place(test_case).bytes(), ::testing::ElementsAreArray(expected.bytes()));
  if (const auto on_cuda = run_on_cuda(test_case, 0)) {
    ASSERT_TRUE(on_cuda->ok()) << on_cuda->status().to_string();
    EXPECT_THAT((*on_cuda)->at(0).bytes(), ::testing::ElementsAreArray(expected.bytes()));
  }
}

}  // namespace mini_infer::test
