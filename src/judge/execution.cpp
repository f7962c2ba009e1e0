#include "judge/execution.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "core/try.h"
#include "judge/byte_owners.h"
#include "judge/parted_storage.h"
#include "judge/places.h"

namespace mini_infer::judge {
namespace {

using core::Status;

constexpr int kForever = std::numeric_limits<int>::max();

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

std::size_t index(int number) { return static_cast<std::size_t>(number); }

struct Content {
  int made_at = -1;
  int last_read = -1;  // kForever for outputs and kept inputs
  std::string name;
};

class Walk {
 public:
  Walk(const Statement& statement, std::vector<Place> places)
      : statement_(statement),
        places_(std::move(places)),
        sharing_(Sharing::of(statement, places_)),
        owners_(1 + statement.callers.size()) {
    for (const Storage& storage : statement.arena) {
      if (storage.kind != StorageKind::kTensor) unnamed_.push_back(&storage);
      note_parts(storage);
    }
    for (const Storage& storage : statement.callers) note_parts(storage);
  }

  Status judge() {
    MI_TRY(check_order());
    note_needs();
    MI_TRY(fill_inputs());
    for (int step = 0; step < static_cast<int>(statement_.steps.size()); ++step) {
      MI_TRY(execute(step).with_context("step " + std::to_string(step) + ", " + at(step).node));
    }
    MI_TRY(check_kept(statement_.outputs, "graph output "));
    return statement_.keeps_inputs ? check_kept(statement_.inputs, "graph input ")
                                   : Status::SUCCESS;
  }

 private:
  const Step& at(int step) const { return statement_.steps[index(step)]; }
  const Place& place(int value) const { return places_[index(value)]; }
  int content(int value) const { return sharing_.content[index(value)]; }
  Content& facts(int content) { return contents_[index(content)]; }
  ByteOwners& owners(const Place& place) {
    const Parted* parted = parted_storage(place);
    return owners_[index(parted == nullptr ? place.space : parted->storage.space())];
  }
  std::vector<Run> runs(const Place& place) {
    const Parted* parted = parted_storage(place);
    if (parted == nullptr) return {{place.begin, place.end}};
    return parted->storage.runs(place);
  }
  int last_step() const { return std::max(0, static_cast<int>(statement_.steps.size()) - 1); }
  std::string name(int value) const { return "'" + statement_.values[index(value)].name + "'"; }

  // A storage with parts is claimed whole when the first of its values is written; who owns which
  // part is told in a space of its own.
  struct Parted {
    PartedStorage storage;
    int space;         // that it lies in
    int content = -1;  // what stands for it there
    bool claimed = false;
  };

  void note_parts(const Storage& storage) {
    if (storage.parts.empty() || storage.values.empty()) return;
    const int lies_in = place(storage.values.front()).space;
    const int own = static_cast<int>(owners_.size());
    owners_.emplace_back();
    parted_.emplace(&storage, Parted{PartedStorage(statement_, storage, own), lies_in});
  }

  Parted* parted_storage(const Place& place) {
    const auto found = parted_.find(place.storage);
    return found == parted_.end() ? nullptr : &found->second;
  }

  // Every value is made once, before it is used.
  Status check_order() const {
    std::vector<bool> made(statement_.values.size(), false);
    for (const int input : statement_.inputs) made[index(input)] = true;
    for (const Step& step : statement_.steps) {
      for (const Input& input : step.inputs) {
        if (!made[index(input.value)]) {
          return refuse(step.node + " runs before what makes " + name(input.value));
        }
      }
      for (const int output : step.outputs) {
        if (made[index(output)]) return refuse(step.node + " makes " + name(output) + " again");
        made[index(output)] = true;
      }
    }
    for (const int output : statement_.outputs) {
      if (!made[index(output)]) return refuse("nobody makes the graph's output " + name(output));
    }
    return Status::SUCCESS;
  }

  void note_needs() {
    for (const Value& value : statement_.values) contents_.push_back({.name = value.name});
    for (int step = 0; step < static_cast<int>(statement_.steps.size()); ++step) {
      for (const int output : at(step).outputs) facts(content(output)).made_at = step;
      for (const Input& input : at(step).inputs) {
        int& last = facts(content(input.value)).last_read;
        last = std::max(last, step);
      }
    }
    for (const int output : statement_.outputs) facts(content(output)).last_read = kForever;
    if (statement_.keeps_inputs) {
      for (const int input : statement_.inputs) facts(content(input)).last_read = kForever;
    }
    for (auto& [storage, parted] : parted_) note_needs(*storage, parted);
  }

  // Of a storage with parts: as long as anything in it.
  void note_needs(const Storage& storage, Parted& parted) {
    Content all{.name = storage.name};
    for (const int value : storage.values) {
      const Content& held = facts(content(value));
      all.last_read = std::max({all.last_read, held.made_at, held.last_read});
    }
    parted.content = static_cast<int>(contents_.size());
    contents_.push_back(all);
  }

  Status fill_inputs() {
    for (const int input : statement_.inputs) {
      MI_TRY(check_placed(input, 0).with_context("before the first step"));
      facts(content(input)).made_at = 0;
      MI_TRY(claim_whole(place(input), 0));
      MI_TRY(claim(place(input), content(input), 0));
    }
    return claim_unnamed(StorageKind::kScratch, 0, kForever);
  }

  // Scratch and workspaces that begin at this step.
  Status claim_unnamed(StorageKind kind, int step, int last_read) {
    for (const Storage* storage : unnamed_) {
      if (storage->kind != kind || storage->first_step != step) continue;
      contents_.push_back({step, last_read, storage->name});
      MI_TRY(claim(whole(*storage, 0), static_cast<int>(contents_.size()) - 1, step));
    }
    return Status::SUCCESS;
  }

  Status check_placed(int value, int step) const {
    const Place& at = place(value);
    if (at.space < 0) return refuse(name(value) + " has no place in the plan");
    if (step >= at.storage->first_step && step <= at.storage->last_step) return Status::SUCCESS;
    return refuse(name(value) + " is used at step " + std::to_string(step) +
                  " but its storage lives from " + std::to_string(at.storage->first_step) + " to " +
                  std::to_string(at.storage->last_step));
  }

  Status execute(int step) {
    for (const Input& input : at(step).inputs) {
      if (input.read) MI_TRY(read(input.value, step));
    }
    MI_TRY(claim_unnamed(StorageKind::kWorkspace, step, step));
    for (const int output : at(step).outputs) MI_TRY(write(output, step));
    return Status::SUCCESS;
  }

  static Place whole(const Storage& storage, int space) {
    return {.space = space, .begin = storage.offset, .end = storage.offset + storage.bytes};
  }

  bool owns(int value) {
    const Place& at = place(value);
    if (const Parted* parted = parted_storage(at)) {
      const Place all = whole(*at.storage, parted->space);
      if (!owners(all).owned(all.begin, all.end, parted->content)) return false;
    }
    for (const Run& run : runs(at)) {
      if (!owners(at).owned(run.begin, run.end, content(value))) return false;
    }
    return true;
  }

  Status read(int value, int step) {
    MI_TRY(check_placed(value, step));
    if (owns(value)) return Status::SUCCESS;
    return refuse("input " + name(value) + " no longer owns its bytes [" +
                  std::to_string(place(value).begin) + ", " + std::to_string(place(value).end) +
                  ")");
  }

  Status write(int value, int step) {
    MI_TRY(check_placed(value, step));
    if (!sharing_.written[index(value)]) return Status::SUCCESS;  // its source was read above
    MI_TRY(claim_whole(place(value), step));
    return claim(place(value), content(value), step, &at(step), there_before(value, at(step)));
  }

  // The storage of this place, if it has parts and is not yet claimed.
  Status claim_whole(const Place& at, int step) {
    Parted* parted = parted_storage(at);
    if (parted == nullptr || std::exchange(parted->claimed, true)) return Status::SUCCESS;
    facts(parted->content).made_at = step;
    return claim(whole(*at.storage, parted->space), parted->content, step);
  }

  // Parts of an output that inputs which lie in it have filled; they were read above.
  std::vector<Run> there_before(int output, const Step& step) {
    std::vector<Run> filled;
    for (const Window& window : step.windows) {
      if (!window.of_output || step.outputs[index(window.output)] != output) continue;
      if (!holds(statement_, places_, step, window)) continue;
      const int input = step.inputs[index(window.input)].value;
      if (content(input) != content(output)) continue;
      const std::vector<Run> more = runs(place(input));
      filled.insert(filled.end(), more.begin(), more.end());
    }
    return filled;
  }

  // Gives bytes to a content, but for those it has, if nothing in them is still needed. `writer` is
  // the step that writes.
  Status claim(const Place& at, int owner, int step, const Step* writer = nullptr,
               std::vector<Run> there = {}) {
    for (const Run& run : subtract(runs(at), std::move(there))) {
      for (const int old : owners(at).contents_in(run.begin, run.end)) {
        const Content& held = facts(old);
        const bool needed = held.last_read >= step || held.made_at == step;
        if (needed && !(writer != nullptr && may_overwrite(*writer, at, old, step))) {
          return refuse("'" + facts(owner).name + "' would overwrite '" + held.name +
                        "', which is still needed, at bytes [" + std::to_string(at.begin) + ", " +
                        std::to_string(at.end) + ")");
        }
      }
      owners(at).write(run.begin, run.end, owner);
    }
    return Status::SUCCESS;
  }

  // The operator allows this output to take exactly that input's bytes, nobody needs them later,
  // and the step does not read them through another input in another order.
  bool may_overwrite(const Step& writer, const Place& at, int old, int step) {
    if (facts(old).last_read != step) return false;
    int overwritten = -1;
    for (const Alias& alias : writer.overwrites) {
      const int input = writer.inputs[index(alias.input)].value;
      const int output = writer.outputs[index(alias.output)];
      if (place(output).same_bytes(at) && place(input).same_bytes(at) && content(input) == old) {
        overwritten = alias.input;
      }
    }
    if (overwritten < 0) return false;
    for (int slot = 0; slot < static_cast<int>(writer.inputs.size()); ++slot) {
      const int value = writer.inputs[index(slot)].value;
      if (slot == overwritten || content(value) != old) continue;
      if (!writer.elementwise || !place(value).same_bytes(at)) return false;
    }
    return true;
  }

  Status check_kept(const std::vector<int>& values, const std::string& kind) {
    for (const int value : values) {
      MI_TRY(check_placed(value, last_step()).with_context("after the last step"));
      if (owns(value)) continue;
      return refuse(kind + name(value) + " was overwritten before the end");
    }
    return Status::SUCCESS;
  }

  const Statement& statement_;
  std::vector<Place> places_;  // by value
  Sharing sharing_;
  std::vector<Content> contents_;   // values first, then storages with parts, scratch, workspaces
  std::vector<ByteOwners> owners_;  // by space
  std::map<const Storage*, Parted> parted_;
  std::vector<const Storage*> unnamed_;  // scratch and workspaces
};

}  // namespace

Status check_execution(const Statement& statement) {
  MI_ASSIGN(std::vector<Place> places, find_places(statement));
  return Walk(statement, std::move(places)).judge();
}

}  // namespace mini_infer::judge
