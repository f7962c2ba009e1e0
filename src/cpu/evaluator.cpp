#include "cpu/evaluator.h"

#include "core/try.h"
#include "cpu/backend.h"
#include "ops/op_def.h"

namespace mini_infer::cpu {

namespace {

// The bytes of each constant input, aligned, or in the form that the kernel asked for.
core::Result<std::vector<core::Tensor>> prepare_inputs(const ops::NodeView& view,
                                                       const ops::Kernel& kernel) {
  std::vector<core::Tensor> held(view.node().inputs.size());
  for (int slot = 0; slot < view.input_count(); ++slot) {
    const core::Tensor* constant = view.constant(slot);
    if (constant != nullptr) held[static_cast<std::size_t>(slot)] = constant->aligned();
  }
  for (const ops::PackedInput& packed : kernel.packed) {
    const core::Shape shape{static_cast<std::int64_t>(packed.bytes)};
    MI_ASSIGN(core::Tensor form, core::Tensor::allocate(core::DataType::kUInt8, shape));
    auto& input = held[static_cast<std::size_t>(packed.slot)];
    packed.pack(input, form.mutable_bytes().data(), core::ThreadPool::serial());
    input = std::move(form);
  }
  return held;
}

}  // namespace

core::Result<std::vector<core::Tensor>> evaluate(const graph::Graph& graph, graph::NodeId id) {
  const ops::NodeView view(graph, id);
  const ops::OpDef* def = ops::find(view.node());
  MI_ASSIGN(const ops::Kernel kernel, backend().bind(view, {}));

  MI_ASSIGN(const std::vector<core::Tensor> held, prepare_inputs(view, kernel));
  std::vector<const void*> inputs(held.size(), nullptr);
  for (std::size_t slot = 0; slot < held.size(); ++slot) {
    if (held[slot].defined()) inputs[slot] = held[slot].bytes().data();
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
  MI_TRY(kernel({.inputs = inputs, .outputs = outputs, .workspace = workspace.mutable_bytes()}));
  return results;
}

}  // namespace mini_infer::cpu
