#include "ops/in_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cpu/backend.h"
#include "cpu/evaluator.h"
#include "ops/cpu_case.h"
#include "ops/cuda_case.h"
#include "ops/infer.h"

namespace mini_infer::test {

void expect_same_in_place(const OpCase& test_case, int slot) {
  SCOPED_TRACE(test_case.op + " over input " + std::to_string(slot));
  const auto apart = run(test_case);
  ASSERT_TRUE(apart.ok()) << apart.status().to_string();

  graph::Graph graph = graph_of(test_case);
  ASSERT_TRUE(ops::infer(graph, cpu::evaluate).ok());
  const auto kernel = cpu::backend().bind(ops::NodeView(graph, 0), {});
  ASSERT_TRUE(kernel.ok()) << kernel.status().to_string();
  const core::Tensor& overwritten = test_case.inputs[static_cast<std::size_t>(slot)];
  core::Tensor shared =
      core::Tensor::copy_of(overwritten.type(), overwritten.shape(), overwritten.bytes());
  ASSERT_EQ(shared.size_bytes(), apart.value()[0].size_bytes());
  std::vector<core::Tensor> held = test_case.inputs;
  for (const ops::PackedInput& form : kernel->packed) {
    core::Tensor& input = held[static_cast<std::size_t>(form.slot)];
    input = packed(form, input, core::ThreadPool::serial());
  }
  std::vector<const void*> inputs;
  for (const core::Tensor& input : held) inputs.push_back(input.bytes().data());
  inputs[static_cast<std::size_t>(slot)] = shared.bytes().data();
  void* const outputs[] = {shared.mutable_bytes().data()};
  const core::Status status = (*kernel)({.inputs = inputs, .outputs = outputs});
  ASSERT_TRUE(status.ok()) << status.to_string();
  EXPECT_THAT(shared.bytes(), ::testing::ElementsAreArray(apart.value()[0].bytes()));
  if (const auto on_cuda = run_on_cuda(test_case, static_cast<std::size_t>(slot))) {
    ASSERT_TRUE(on_cuda->ok()) << on_cuda->status().to_string();
    EXPECT_THAT((*on_cuda)->at(0).bytes(),
                ::testing::ElementsAreArray((*run_on_cuda(test_case))->at(0).bytes()))
        << "on CUDA, emulated";
  }
}

}  // namespace mini_infer::test
