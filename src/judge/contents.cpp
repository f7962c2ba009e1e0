#include "judge/contents.h"

#include <algorithm>

#include "core/try.h"

namespace mini_infer::judge {
namespace {

std::size_t index(int number) { return static_cast<std::size_t>(number); }

void add_once(std::vector<int>& list, int number) {
  if (std::find(list.begin(), list.end(), number) == list.end()) list.push_back(number);
}

class Collection {
 public:
  Collection(const Statement& statement, const std::vector<Place>& places)
      : statement_(statement),
        places_(places),
        sharing_(Sharing::of(statement, places)),
        number_(statement.values.size(), -1),
        maker_(statement.values.size(), -1) {}

  Contents take() {
    for (const int input : statement_.inputs) {
      Content& content = enter(input);
      content.from_start = true;
      content.to_end = statement_.keeps_inputs;
    }
    for (int step = 0; step < static_cast<int>(statement_.steps.size()); ++step) add_step(step);
    for (const int output : statement_.outputs) enter(output).to_end = true;
    for (std::size_t step = 0; step < statement_.steps.size(); ++step) add_overwrites(step);
    for (const Storage& storage : statement_.arena) add_room(storage);
    return std::move(contents_);
  }

 private:
  int root(int value) const { return sharing_.content[index(value)]; }
  int content(int value) const { return number_[index(root(value))]; }
  // Not a part of its content.
  bool is_all(int value) const {
    return statement_.values[index(value)].bytes == statement_.values[index(root(value))].bytes;
  }

  std::int64_t reserved(std::int64_t bytes) const {
    const std::int64_t over = bytes % statement_.alignment;
    return over == 0 ? bytes : bytes + statement_.alignment - over;
  }

  Content& enter(int value) {
    int& number = number_[index(root(value))];
    if (number < 0) {
      number = static_cast<int>(contents_.all.size());
      const bool own = places_[index(root(value))].in_arena();
      contents_.all.emplace_back();
      contents_.all.back().bytes = own ? reserved(statement_.values[index(root(value))].bytes) : 0;
      contents_.all.back().writable = own;
      parted_.push_back(false);
    }
    if (!is_all(value)) parted_[index(number)] = true;
    return contents_.all[index(number)];
  }

  void add_step(int step) {
    StepFacts facts;
    for (const Input& input : statement_.steps[index(step)].inputs) {
      add_once(enter(input.value).users, step);
      if (maker_[index(input.value)] >= 0) add_once(facts.before, maker_[index(input.value)]);
    }
    for (const int output : statement_.steps[index(step)].outputs) {
      Content& made = enter(output);
      if (sharing_.written[index(output)]) add_once(made.makers, step);
      add_once(made.users, step);
      maker_[index(output)] = step;
    }
    contents_.steps.push_back(std::move(facts));
  }

  void add_overwrites(std::size_t number) {
    const Step& step = statement_.steps[number];
    for (const Alias& alias : step.overwrites) {
      const int output = step.outputs[index(alias.output)];
      const int input = step.inputs[index(alias.input)].value;
      const int made = content(output);
      const int read = content(input);
      const bool whole =
          is_all(output) && is_all(input) && contents_.all[index(made)].makers.size() == 1;
      if (whole && may_share(step, alias, made, read)) {
        contents_.steps[number].overwrites.push_back({made, read});
      }
    }
  }

  bool may_share(const Step& step, const Alias& alias, int made, int read) const {
    const Content& what = contents_.all[index(read)];
    if (made == read || !what.writable || what.to_end || !contents_.all[index(made)].writable) {
      return false;
    }
    for (const int output : step.outputs) {
      if (content(output) == read) return false;
    }
    if (step.elementwise && !parted_[index(read)]) return true;
    for (int slot = 0; slot < static_cast<int>(step.inputs.size()); ++slot) {
      if (slot != alias.input && content(step.inputs[index(slot)].value) == read) return false;
    }
    return true;
  }

  void add_room(const Storage& storage) {
    if (storage.kind == StorageKind::kScratch) contents_.scratch += reserved(storage.bytes);
    if (storage.kind == StorageKind::kWorkspace) {
      contents_.steps[index(storage.first_step)].workspace += reserved(storage.bytes);
    }
  }

  const Statement& statement_;
  const std::vector<Place>& places_;
  Sharing sharing_;
  std::vector<int> number_;   // by the value that names a content: its number
  std::vector<int> maker_;    // by value: a step, -1 of an input
  std::vector<bool> parted_;  // by content: some value is a part of it
  Contents contents_;
};

}  // namespace

core::Result<Contents> Contents::of(const Statement& statement) {
  MI_ASSIGN(const std::vector<Place> places, find_places(statement));
  return Collection(statement, places).take();
}

}  // namespace mini_infer::judge
