#include "runtime/check_execution.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/try.h"
#include "ops/alias.h"
#include "runtime/byte_owners.h"

namespace mini_infer::runtime {
namespace {

using core::Status;
using graph::Graph;
using graph::kNoValue;
using graph::ValueId;

constexpr int kForever = std::numeric_limits<int>::max();

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

// Bytes in an address space of their own: the arena is space 0, each caller's buffer another.
struct Place {
  int space = -1;
  std::size_t begin = 0;
  std::size_t end = 0;
  const TensorPlacement* storage = nullptr;

  bool same_bytes(const Place& other) const {
    return space == other.space && begin == other.begin && end == other.end;
  }
};

// A content is what a value and its views hold; the number of the value first written.
struct Content {
  int made_at = -1;
  int last_read = -1;  // kForever for graph outputs and kept inputs
  std::string name;
};

class Walk {
 public:
  Walk(const Graph& graph, const MemoryPlan& plan) : graph_(graph), plan_(plan) {}

  Status judge() {
    MI_TRY(check_order());
    MI_TRY(find_places());
    find_contents();
    MI_TRY(fill_inputs());
    for (int step = 0; step < static_cast<int>(plan_.steps.size()); ++step) {
      MI_TRY(execute(step).with_context("step " + std::to_string(step) + ", " +
                                        graph::describe(node_at(step))));
    }
    MI_TRY(check_kept(graph_.outputs, "graph output "));
    return plan_.keeps_inputs ? check_kept(staged_inputs(), "graph input ") : Status::SUCCESS;
  }

 private:
  const graph::Node& node_at(int step) const {
    return graph_.node(plan_.steps[static_cast<std::size_t>(step)].node);
  }
  const Place& place(ValueId id) const { return places_[static_cast<std::size_t>(id)]; }
  int content(ValueId id) const { return content_of_[static_cast<std::size_t>(id)]; }
  Content& facts(int content) { return contents_[static_cast<std::size_t>(content)]; }
  ByteOwners& owners(int space) { return owners_[static_cast<std::size_t>(space)]; }
  int last_step() const { return std::max(0, static_cast<int>(plan_.steps.size()) - 1); }
  std::string name(ValueId id) const { return "'" + graph_.value(id).name + "'"; }

  // Every node exactly once, after the makers of what it reads.
  Status check_order() {
    std::vector<int> step_of(graph_.nodes().size(), -1);
    for (int step = 0; step < static_cast<int>(plan_.steps.size()); ++step) {
      const graph::NodeId id = plan_.steps[static_cast<std::size_t>(step)].node;
      if (id < 0 || id >= static_cast<graph::NodeId>(graph_.nodes().size())) {
        return refuse("step " + std::to_string(step) + " runs no node of the graph");
      }
      if (step_of[static_cast<std::size_t>(id)] >= 0) {
        return refuse(graph::describe(graph_.node(id)) + " runs twice");
      }
      step_of[static_cast<std::size_t>(id)] = step;
      for (ValueId input : graph_.node(id).inputs) {
        if (input == kNoValue || graph_.value(input).is_constant()) continue;
        const graph::NodeId maker = graph_.value(input).producer;
        if (maker != graph::kNoNode && step_of[static_cast<std::size_t>(maker)] < 0) {
          return refuse(graph::describe(graph_.node(id)) + " runs before " +
                        graph::describe(graph_.node(maker)) + ", which makes " + name(input));
        }
      }
    }
    if (plan_.steps.size() != graph_.nodes().size()) return refuse("some nodes never run");
    return Status::SUCCESS;
  }

  Status find_places() {
    places_.resize(graph_.values().size());
    for (const MemoryPool& pool : plan_.pools) {
      const int space = add_space();
      for (const TensorPlacement& tensor : pool.tensors) {
        if (tensor.offset + tensor.size_bytes > pool.size_bytes) {
          return refuse("storage '" + tensor.name + "' ends outside pool '" + pool.name + "'");
        }
        MI_TRY(place_values(tensor, space));
        if (tensor.kind != TensorPlacement::Kind::kTensor) unnamed_.push_back({space, &tensor});
      }
    }
    for (const TensorPlacement& tensor : plan_.bound) MI_TRY(place_values(tensor, add_space()));
    return Status::SUCCESS;
  }

  int add_space() {
    owners_.emplace_back();
    return static_cast<int>(owners_.size()) - 1;
  }

  Status place_values(const TensorPlacement& tensor, int space) {
    for (ValueId id : tensor.values) {
      if (id < 0 || id >= static_cast<ValueId>(places_.size())) {
        return refuse("storage '" + tensor.name + "' holds no value of the graph");
      }
      const std::size_t bytes = ops::bytes_of(graph_.value(id));
      if (bytes > tensor.size_bytes) {
        return refuse("storage '" + tensor.name + "' of " + std::to_string(tensor.size_bytes) +
                      " bytes is too small for " + name(id) + " of " + std::to_string(bytes));
      }
      Place& at = places_[static_cast<std::size_t>(id)];
      if (at.space >= 0) return refuse(name(id) + " has two places");
      at = {space, tensor.offset, tensor.offset + bytes, &tensor};
    }
    return Status::SUCCESS;
  }

  // A view that lies where its source lies holds the source's content; any other value its own.
  void find_contents() {
    content_of_.resize(graph_.values().size());
    contents_.resize(graph_.values().size());
    for (ValueId id = 0; id < static_cast<ValueId>(content_of_.size()); ++id) {
      content_of_[static_cast<std::size_t>(id)] = id;
      facts(id).name = graph_.value(id).name;
    }
    for (int step = 0; step < static_cast<int>(plan_.steps.size()); ++step) {
      const ops::NodeView view(graph_, plan_.steps[static_cast<std::size_t>(step)].node);
      for (ValueId output : view.node().outputs) {
        if (output != kNoValue) facts(content(output)).made_at = step;
      }
      for (const ops::Alias& alias : ops::aliases(view)) {
        const ValueId input = view.node().inputs[static_cast<std::size_t>(alias.input)];
        const ValueId output = view.node().outputs[static_cast<std::size_t>(alias.output)];
        if (alias.kind == ops::AliasKind::kView && place(input).space >= 0 &&
            place(input).same_bytes(place(output))) {
          content_of_[static_cast<std::size_t>(output)] = content(input);
        }
      }
      for (ValueId input : view.node().inputs) {
        if (input != kNoValue) note_read(input, step);
      }
    }
    for (ValueId output : graph_.outputs) facts(content(output)).last_read = kForever;
    if (!plan_.keeps_inputs) return;
    for (ValueId input : staged_inputs()) facts(content(input)).last_read = kForever;
  }

  void note_read(ValueId id, int step) {
    int& last = facts(content(id)).last_read;
    last = std::max(last, step);
  }

  // Inputs of a fixed value have no bytes here: kernels read the constant.
  std::vector<ValueId> staged_inputs() const {
    std::vector<ValueId> staged;
    for (ValueId input : graph_.inputs) {
      if (!graph_.value(input).is_constant()) staged.push_back(input);
    }
    return staged;
  }

  Status fill_inputs() {
    for (ValueId input : staged_inputs()) {
      MI_TRY(check_placed(input, 0).with_context("before the first step"));
      facts(content(input)).made_at = 0;
      MI_TRY(claim(place(input), content(input), 0, nullptr));
    }
    for (auto& [space, storage] : unnamed_) {
      if (storage->kind != TensorPlacement::Kind::kScratch) continue;
      const Place at{space, storage->offset, storage->offset + storage->size_bytes, storage};
      MI_TRY(claim(at, add_content("scratch", 0, kForever), 0, nullptr));
    }
    return Status::SUCCESS;
  }

  int add_content(const std::string& called, int made_at, int last_read) {
    contents_.push_back({made_at, last_read, called});
    return static_cast<int>(contents_.size()) - 1;
  }

  Status check_placed(ValueId id, int step) const {
    const Place& at = place(id);
    if (at.space < 0) return refuse(name(id) + " has no place in the plan");
    if (step < at.storage->first_step || step > at.storage->last_step) {
      return refuse(name(id) + " is used at step " + std::to_string(step) +
                    " but its storage lives from " + std::to_string(at.storage->first_step) +
                    " to " + std::to_string(at.storage->last_step));
    }
    return Status::SUCCESS;
  }

  Status execute(int step) {
    const ops::NodeView view(graph_, plan_.steps[static_cast<std::size_t>(step)].node);
    for (int slot = 0; slot < view.input_count(); ++slot) {
      if (ops::reads_bytes(view, slot)) MI_TRY(read(view, slot, step));
    }
    for (auto& [space, storage] : unnamed_) {
      if (storage->kind != TensorPlacement::Kind::kWorkspace || storage->first_step != step)
        continue;
      const Place at{space, storage->offset, storage->offset + storage->size_bytes, storage};
      MI_TRY(claim(at, add_content("workspace", step, step), step, nullptr));
    }
    for (int slot = 0; slot < view.output_count(); ++slot) {
      if (view.has_output(slot)) MI_TRY(write(view, slot, step));
    }
    return Status::SUCCESS;
  }

  Status read(const ops::NodeView& view, int slot, int step) {
    const ValueId id = view.node().inputs[static_cast<std::size_t>(slot)];
    if (graph_.value(id).is_constant()) return Status::SUCCESS;
    MI_TRY(check_placed(id, step));
    const Place& at = place(id);
    if (!owners(at.space).owned(at.begin, at.end, content(id))) {
      return refuse("input " + name(id) + " no longer owns its bytes [" + std::to_string(at.begin) +
                    ", " + std::to_string(at.end) + ")");
    }
    return Status::SUCCESS;
  }

  Status write(const ops::NodeView& view, int slot, int step) {
    const ValueId id = view.node().outputs[static_cast<std::size_t>(slot)];
    MI_TRY(check_placed(id, step));
    if (content(id) != id) return Status::SUCCESS;  // a view: its source was read above
    return claim(place(id), content(id), step, &view);
  }

  // Gives bytes to a content, if nothing in them is still needed. `view` is the node that writes.
  Status claim(const Place& at, int owner, int step, const ops::NodeView* view) {
    for (int old : owners(at.space).contents_in(at.begin, at.end)) {
      const Content& held = facts(old);
      const bool needed = held.last_read >= step || held.made_at == step;
      if (needed && !(view != nullptr && may_overwrite(*view, at, old, step))) {
        return refuse("'" + facts(owner).name + "' would overwrite '" + held.name +
                      "', which is still needed, at bytes [" + std::to_string(at.begin) + ", " +
                      std::to_string(at.end) + ")");
      }
    }
    owners(at.space).write(at.begin, at.end, owner);
    return Status::SUCCESS;
  }

  // The operator allows this output to take exactly that input's bytes, nobody needs them later,
  // and the node does not read them through another input in another order.
  bool may_overwrite(const ops::NodeView& view, const Place& at, int old, int step) {
    if (facts(old).last_read != step) return false;
    int overwritten = -1;
    for (const ops::Alias& alias : ops::aliases(view)) {
      if (alias.kind != ops::AliasKind::kOverwrite) continue;
      const ValueId input = view.node().inputs[static_cast<std::size_t>(alias.input)];
      const ValueId output = view.node().outputs[static_cast<std::size_t>(alias.output)];
      if (place(output).same_bytes(at) && place(input).same_bytes(at) && content(input) == old) {
        overwritten = alias.input;
      }
    }
    if (overwritten < 0) return false;
    if (ops::find(view.node())->elementwise) return true;
    for (int slot = 0; slot < view.input_count(); ++slot) {
      if (slot == overwritten || !view.has_input(slot)) continue;
      if (content(view.node().inputs[static_cast<std::size_t>(slot)]) == old) return false;
    }
    return true;
  }

  Status check_kept(const std::vector<ValueId>& values, const std::string& kind) {
    for (ValueId id : values) {
      MI_TRY(check_placed(id, last_step()).with_context("after the last step"));
      const Place& at = place(id);
      if (!owners(at.space).owned(at.begin, at.end, content(id))) {
        return refuse(kind + name(id) + " was overwritten before the end");
      }
    }
    return Status::SUCCESS;
  }

  struct Unnamed {
    int space;
    const TensorPlacement* storage;
  };

  const Graph& graph_;
  const MemoryPlan& plan_;
  std::vector<Place> places_;       // by ValueId
  std::vector<int> content_of_;     // by ValueId
  std::vector<Content> contents_;   // values first, then scratch and workspaces
  std::vector<ByteOwners> owners_;  // by space
  std::vector<Unnamed> unnamed_;    // scratch and workspaces
};

}  // namespace

Status check_execution(const Graph& graph, const MemoryPlan& plan) {
  return Walk(graph, plan).judge();
}

}  // namespace mini_infer::runtime
