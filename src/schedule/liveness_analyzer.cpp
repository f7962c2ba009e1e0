#include "schedule/liveness_analyzer.h"

#include <algorithm>

#include "ops/alias.h"
#include "schedule/places.h"

namespace mini_infer::runtime {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::ValueId;

// Collects storages step by step; a value joins the storage it lies in or opens it.
class Builder {
 public:
  Builder(const Graph& graph, const schedule::Schedule& schedule)
      : graph_(graph), places_(schedule::places(graph, schedule.alias)) {
    live_.steps = std::max(1, static_cast<int>(schedule.order.size()));
    live_.storage_of.assign(graph.values().size(), -1);
  }

  void make(ValueId id, int step) {
    if (graph_.value(id).is_constant()) return;
    int& index = live_.storage_of[static_cast<std::size_t>(place(id).root)];
    if (index < 0) {
      index = static_cast<int>(live_.storages.size());
      live_.storages.emplace_back();
      live_.storages.back().first_step = step;
    }
    live_.storage_of[static_cast<std::size_t>(id)] = index;
    Storage& storage = live_.storages[static_cast<std::size_t>(index)];
    storage.values.push_back(id);
    storage.size_bytes = std::max(storage.size_bytes, ops::bytes_of(graph_.value(place(id).root)));
    storage.last_step = std::max(storage.last_step, step);
  }

  void touch(ValueId id, int step) {
    if (Storage* storage = find(id)) storage->last_step = std::max(storage->last_step, step);
  }

  Storage* find(ValueId id) {
    const int index = storage_index(id);
    return index < 0 ? nullptr : &live_.storages[static_cast<std::size_t>(index)];
  }

  int last_step() const { return live_.steps - 1; }
  Liveness take() { return std::move(live_); }

 private:
  int storage_index(ValueId id) const { return live_.storage_of[static_cast<std::size_t>(id)]; }

  const schedule::ValuePlace& place(ValueId id) const {
    return places_[static_cast<std::size_t>(id)];
  }

  const Graph& graph_;
  std::vector<schedule::ValuePlace> places_;
  Liveness live_;
};

}  // namespace

Liveness LivenessAnalyzer::analyze(const Graph& graph, const schedule::Schedule& schedule) const {
  Builder builder(graph, schedule);
  for (ValueId input : graph.inputs) {
    builder.make(input, 0);
    if (keep_inputs_) builder.touch(input, builder.last_step());
    if (Storage* storage = builder.find(input)) storage->holds_input = true;
  }
  for (int step = 0; step < static_cast<int>(schedule.order.size()); ++step) {
    const graph::Node& node = graph.node(schedule.order[static_cast<std::size_t>(step)]);
    for (ValueId input : node.inputs) {
      if (input != kNoValue) builder.touch(input, step);
    }
    for (ValueId output : node.outputs) {
      if (output != kNoValue) builder.make(output, step);
    }
  }
  for (ValueId output : graph.outputs) {
    builder.touch(output, builder.last_step());
    if (Storage* storage = builder.find(output)) storage->holds_output = true;
  }
  return builder.take();
}

}  // namespace mini_infer::runtime
