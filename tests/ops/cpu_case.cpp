#include "ops/cpu_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/try.h"
#include "cpu/evaluator.h"
#include "ops/infer.h"

namespace mini_infer::test {
namespace {

using core::InstructionSet;
using core::Tensor;

constexpr double kTolerance = 1e-5;

core::Result<graph::Graph> graph_for(const OpCase& test_case, bool constants) {
  graph::Graph graph = graph_of(test_case);
  for (std::size_t slot = 0; slot < test_case.inputs.size(); ++slot) {
    const graph::ValueId input = graph.node(0).inputs[slot];
    if (constants && input != graph::kNoValue) graph.value(input).constant = test_case.inputs[slot];
  }
  MI_TRY(ops::infer(graph, cpu::evaluate));
  return graph;
}

double largest(std::span<const float> values) {
  double most = 0;
  for (float value : values) most = std::max(most, std::fabs(static_cast<double>(value)));
  return most;
}

void expect_near(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.shape(), expected.shape());
  const auto a = actual.as<float>();
  const auto e = expected.as<float>();
  const double tolerance = kTolerance * largest(e);
  for (std::size_t i = 0; i < e.size(); ++i) {
    SCOPED_TRACE("element " + std::to_string(i));
    if (std::isnan(e[i])) {
      ASSERT_TRUE(std::isnan(a[i])) << a[i];
    } else {
      ASSERT_NEAR(static_cast<double>(a[i]), static_cast<double>(e[i]), tolerance);
    }
  }
}

}  // namespace

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set :
       {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (cpu::make_backend({.instruction_set = set}).ok()) sets.push_back(set);
  }
  return sets;
}

Tensor packed(const ops::PackedInput& form, const Tensor& constant, core::ThreadPool& threads) {
  const core::Shape bytes{static_cast<std::int64_t>(form.bytes)};
  Tensor tensor = Tensor::allocate(core::DataType::kUInt8, bytes).value();
  form.pack(constant, tensor.mutable_bytes().data(), threads);
  return tensor;
}

core::Result<Tensor> run_on_cpu(const OpCase& test_case, const CpuRun& how) {
  MI_ASSIGN(const graph::Graph graph, graph_for(test_case, how.constants));
  MI_ASSIGN(const auto backend, cpu::make_backend(how.backend));
  const ops::NodeView view(graph, 0);
  MI_ASSIGN(const ops::Kernel kernel,
            backend->bind(view, {.workspace_bytes = how.workspace_bytes}));

  core::ThreadPool threads(how.threads);
  std::vector<Tensor> held = test_case.inputs;
  for (const ops::PackedInput& form : kernel.packed) {
    auto& input = held[static_cast<std::size_t>(form.slot)];
    input = packed(form, input, threads);
  }
  std::vector<const void*> inputs;
  for (const Tensor& input : held) {
    inputs.push_back(input.defined() ? input.bytes().data() : nullptr);
  }
  MI_ASSIGN(Tensor output, Tensor::allocate(view.output_type(0), view.output_shape(0)));
  void* const outputs[] = {output.mutable_bytes().data()};
  // Of floats that no kernel may read before it has written them.
  std::vector<float> workspace(how.workspace_bytes / sizeof(float), std::nanf(""));
  MI_TRY(kernel({.inputs = inputs,
                 .outputs = outputs,
                 .workspace = std::as_writable_bytes(std::span(workspace)),
                 .threads = &threads}));
  return output;
}

void expect_on_cpu(const OpCase& test_case, const Tensor& expected,
                   const std::vector<std::size_t>& workspaces) {
  for (const InstructionSet set : instruction_sets()) {
    std::optional<Tensor> first;
    for (const std::size_t bytes : workspaces) {
      for (const int threads : {1, 2, 3}) {
        SCOPED_TRACE(std::string(core::instruction_set_name(set)) + ", " + std::to_string(threads) +
                     " threads, workspace " + std::to_string(bytes));
        const auto output = run_on_cpu(
            test_case,
            {.backend = {.instruction_set = set}, .threads = threads, .workspace_bytes = bytes});
        ASSERT_TRUE(output.ok()) << output.status().to_string();
        if (!first.has_value()) {
          first = *output;
          expect_near(*output, expected);
        }
        ASSERT_THAT(output->bytes(), ::testing::ElementsAreArray(first->bytes()));
      }
    }
  }
}

}  // namespace mini_infer::test
