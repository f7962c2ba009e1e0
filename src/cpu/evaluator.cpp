#include "cpu/evaluator.h"

#include "core/try.h"
#include "cpu/backend.h"
#include "ops/op_def.h"

namespace mini_infer::cpu {

core::Result<std::vector<core::Tensor>> evaluate(const graph::Graph& graph, graph::NodeId id) {
  const ops::NodeView view(graph, id);
  const ops::OpDef* def = ops::find(view.node());
  MI_ASSIGN(const ops::Kernel kernel, backend().bind(view));

  std::vector<core::Tensor> held;  // aligned copies of unaligned views
  held.reserve(view.node().inputs.size());
  std::vector<const void*> inputs(view.node().inputs.size(), nullptr);
  for (int slot = 0; slot < view.input_count(); ++slot) {
    const core::Tensor* constant = view.constant(slot);
    if (constant == nullptr) continue;
    held.push_back(constant->aligned());
    inputs[static_cast<std::size_t>(slot)] = held.back().bytes().data();
  }
  std::vector<core::Tensor> results(view.node().outputs.size());
  std::vector<void*> outputs(results.size(), nullptr);
  for (int slot = 0; slot < view.output_count(); ++slot) {
    if (!view.has_output(slot)) continue;
    auto result = core::Tensor::allocate(view.output_type(slot), view.output_shape(slot));
    if (!result.ok()) return result.status().with_context(graph::describe(view.node()));
    outputs[static_cast<std::size_t>(slot)] = result->mutable_bytes().data();
    results[static_cast<std::size_t>(slot)] = std::move(result).value();
  }
  core::Tensor workspace;
  if (def != nullptr && def->require != nullptr) {
    const auto bytes = static_cast<std::int64_t>(def->require(view));
    MI_ASSIGN(workspace, core::Tensor::allocate(core::DataType::kUInt8, core::Shape{bytes}));
  }
  MI_TRY(kernel(
      {.inputs = inputs, .outputs = outputs, .workspace = workspace.mutable_bytes().data()}));
  return results;
}

}  // namespace mini_infer::cpu
