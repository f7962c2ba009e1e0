#include "runtime/weights.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "ops/alias.h"

namespace mini_infer::runtime {
namespace {

std::string_view text_of(const core::Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes().data()), tensor.size_bytes()};
}

}  // namespace

WeightsLayout lay_out_weights(const graph::Graph& graph, std::size_t alignment) {
  WeightsLayout layout;
  layout.offset_of.resize(graph.values().size());
  std::unordered_map<std::string_view, std::size_t> offset_of_bytes;
  for (graph::NodeId id = 0; id < static_cast<graph::NodeId>(graph.nodes().size()); ++id) {
    const ops::NodeView view(graph, id);
    for (int slot = 0; slot < view.input_count(); ++slot) {
      const core::Tensor* constant = view.constant(slot);
      if (constant == nullptr || !ops::reads_bytes(view, slot)) continue;
      const graph::ValueId value = view.node().inputs[static_cast<std::size_t>(slot)];
      auto& offset = layout.offset_of[static_cast<std::size_t>(value)];
      if (offset) continue;
      const auto [known, fresh] = offset_of_bytes.emplace(text_of(*constant), layout.size_bytes);
      offset = known->second;
      if (!fresh) continue;
      layout.stored.push_back(value);
      layout.size_bytes += core::align_up(constant->size_bytes(), alignment);
    }
  }
  return layout;
}

}  // namespace mini_infer::runtime
