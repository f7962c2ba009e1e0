#include "ops/alias.h"

namespace mini_infer::ops {
bool contains(InputSet set, int slot) { return slot < 32 && ((set >> slot) & 1u) != 0; }

std::size_t bytes_of(const graph::Value& value) {
  return core::checked_bytes(value.type, *value.shape).value_or(0);
}

std::vector<Alias> aliases(const NodeView& view) {
  std::vector<Alias> holding;
  const OpDef* def = find(view.node());
  if (def == nullptr || (def->alias_holds != nullptr && !def->alias_holds(view))) return holding;
  for (const Alias& alias : def->alias) {
    if (alias.kind == AliasKind::kNone) continue;
    if (!view.has_input(alias.input) || !view.has_output(alias.output)) continue;
    const auto& input =
        view.graph().value(view.node().inputs[static_cast<std::size_t>(alias.input)]);
    const auto& output =
        view.graph().value(view.node().outputs[static_cast<std::size_t>(alias.output)]);
    if (bytes_of(input) != bytes_of(output)) continue;
    // Fewer but larger elements would be overwritten before they are read.
    const bool alike = input.shape->elements() == output.shape->elements();
    if (alias.kind == AliasKind::kOverwrite && !alike) continue;
    holding.push_back(alias);
  }
  return holding;
}

bool reads_bytes(const NodeView& view, int slot) {
  const OpDef* def = find(view.node());
  return view.has_input(slot) && def != nullptr && !contains(def->value_inputs, slot) &&
         !contains(def->shape_inputs, slot);
}

}  // namespace mini_infer::ops
