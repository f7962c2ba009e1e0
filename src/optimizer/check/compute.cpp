#include "optimizer/check/compute.h"

#include <algorithm>

#include "core/try.h"
#include "optimizer/check/compare.h"
#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using core::Status;
using core::Tensor;
using graph::Graph;
using graph::kNoValue;
using graph::NodeId;
using graph::ValueId;

class Computation {
 public:
  Computation(Graph& graph, const ops::Evaluator& evaluate)
      : graph_(graph),
        evaluate_(evaluate),
        computed_(graph.values().size(), false),
        readers_left_(graph.values().size(), 0) {
    for (const graph::Node& node : graph.nodes()) {
      for (ValueId input : node.inputs) count(input);
    }
    for (ValueId output : graph.outputs) count(output);
  }

  Status run(NodeId id) {
    MI_ASSIGN(std::vector<Tensor> results, evaluate_(graph_, id));
    const graph::Node& node = graph_.node(id);
    for (std::size_t slot = 0; slot < results.size(); ++slot) {
      const ValueId output = node.outputs[slot];
      if (output == kNoValue) continue;
      largest_ = std::max(largest_, largest_finite(results[slot]));
      graph_.value(output).constant = std::move(results[slot]);
      computed_[static_cast<std::size_t>(output)] = true;
    }
    for (ValueId input : node.inputs) release(input);
    return Status::SUCCESS;
  }

  double largest() const { return largest_; }

 private:
  void count(ValueId value) {
    if (value != kNoValue) ++readers_left_[static_cast<std::size_t>(value)];
  }

  void release(ValueId value) {
    if (value == kNoValue || --readers_left_[static_cast<std::size_t>(value)] > 0) return;
    if (computed_[static_cast<std::size_t>(value)]) graph_.value(value).constant.reset();
  }

  Graph& graph_;
  const ops::Evaluator& evaluate_;
  std::vector<bool> computed_;
  std::vector<int> readers_left_;
  double largest_ = 0;
};

}  // namespace

core::Result<Computed> compute(Graph graph, std::span<const Tensor> inputs,
                               const ops::Evaluator& evaluate) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    graph.value(graph.inputs[i]).constant = inputs[i];
  }
  MI_TRY(drop_dead(graph));
  std::vector<NodeId> order;
  MI_TRY(graph.topological_sort(order));
  Computation computation(graph, evaluate);
  for (NodeId id : order) MI_TRY(computation.run(id));
  Computed computed{.outputs = {}, .largest = computation.largest()};
  for (ValueId output : graph.outputs) computed.outputs.push_back(*graph.value(output).constant);
  return computed;
}

}  // namespace mini_infer::optimizer
