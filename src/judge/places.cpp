#include "judge/places.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/try.h"

namespace mini_infer::judge {
namespace {

using core::Status;

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

// Values that hold the same content, each group named by one of them.
class Groups {
 public:
  explicit Groups(std::size_t values) : source_(values) {
    std::iota(source_.begin(), source_.end(), 0);
  }

  int find(int value) {
    while (at(value) != value) value = at(value) = at(at(value));
    return value;
  }
  // Whether the value, which belonged to none before, belongs to the other's group now.
  bool join(int value, int with) {
    if (at(value) != value || find(with) == value) return false;
    at(value) = with;
    return true;
  }

 private:
  int& at(int value) { return source_[static_cast<std::size_t>(value)]; }

  std::vector<int> source_;
};

Status place_part(const Statement& statement, const Storage& storage, const Part& part, Place& at) {
  const Value& value = statement.values[static_cast<std::size_t>(part.value)];
  const auto wrong = [&](const char* what) {
    return refuse("'" + value.name + "' in storage '" + storage.name + "' " + what);
  };
  if (at.storage != &storage) return wrong("is a part of what does not hold it");
  std::int64_t extent = value.bytes;
  if (part.pitch != 0) {
    if (part.row_bytes <= 0 || value.bytes % part.row_bytes != 0 || part.pitch < part.row_bytes) {
      return wrong("has rows that overlap, or are no rows of it");
    }
    if (value.bytes / part.row_bytes > kMostRowsApart) return wrong("has too many rows to judge");
    const std::int64_t steps = std::max<std::int64_t>(0, value.bytes / part.row_bytes - 1);
    if (__builtin_mul_overflow(steps, part.pitch, &extent) ||
        __builtin_add_overflow(extent, part.row_bytes, &extent)) {
      return wrong("ends outside it");
    }
  }
  if (part.offset > storage.bytes || extent > storage.bytes - part.offset) {
    return wrong("ends outside it");
  }
  at.begin = storage.offset + part.offset;
  at.end = at.begin + extent;
  at.row_bytes = part.pitch == 0 ? 0 : part.row_bytes;
  at.pitch = part.pitch;
  return Status::SUCCESS;
}

Status place_values(const Statement& statement, const Storage& storage, int space,
                    std::vector<Place>& places) {
  for (const int id : storage.values) {
    const Value& value = statement.values[static_cast<std::size_t>(id)];
    if (value.bytes > storage.bytes) {
      return refuse("storage '" + storage.name + "' of " + std::to_string(storage.bytes) +
                    " bytes is too small for '" + value.name + "' of " +
                    std::to_string(value.bytes));
    }
    Place& at = places[static_cast<std::size_t>(id)];
    if (at.space >= 0) return refuse("'" + value.name + "' has two places");
    at = {.space = space,
          .begin = storage.offset,
          .end = storage.offset + value.bytes,
          .storage = &storage};
  }
  for (const Part& part : storage.parts) {
    MI_TRY(place_part(statement, storage, part, places[static_cast<std::size_t>(part.value)]));
  }
  return Status::SUCCESS;
}

}  // namespace

core::Result<std::vector<Place>> find_places(const Statement& statement) {
  std::vector<Place> places(statement.values.size());
  for (const Storage& storage : statement.arena) {
    if (storage.offset + storage.bytes > statement.claims.arena_bytes) {
      return refuse("storage '" + storage.name + "' ends outside the arena");
    }
    MI_TRY(place_values(statement, storage, 0, places));
  }
  int space = 0;
  for (const Storage& storage : statement.callers) {
    MI_TRY(place_values(statement, storage, ++space, places));
  }
  return places;
}

bool holds(const Statement& statement, const std::vector<Place>& places, const Step& step,
           const Window& window) {
  const int input = step.inputs[static_cast<std::size_t>(window.input)].value;
  const int output = step.outputs[static_cast<std::size_t>(window.output)];
  const auto inner = static_cast<std::size_t>(window.of_output ? input : output);
  const auto outer = static_cast<std::size_t>(window.of_output ? output : input);
  const Place& in = places[inner];
  const Place& out = places[outer];
  if (inner == outer || in.space < 0 || in.storage != out.storage) return false;
  const std::int64_t pitch = out.pitch == 0 ? statement.values[outer].row_bytes : out.pitch;
  const std::int64_t row = statement.values[inner].row_bytes;
  std::int64_t begin = 0;
  if (row <= 0 || __builtin_mul_overflow(window.row, pitch, &begin) ||
      __builtin_add_overflow(begin, window.column, &begin) ||
      __builtin_add_overflow(begin, out.begin, &begin) || in.begin != begin || in.end > out.end) {
    return false;
  }
  const bool apart = statement.values[inner].bytes > row && pitch != row;
  return apart ? in.pitch == pitch && in.row_bytes == row : in.pitch == 0;
}

Sharing Sharing::of(const Statement& statement, const std::vector<Place>& places) {
  Groups groups(statement.values.size());
  Sharing sharing{.content = {}, .written = std::vector<bool>(statement.values.size(), true)};
  for (const Step& step : statement.steps) {
    const auto input_of = [&](int at) { return step.inputs[static_cast<std::size_t>(at)].value; };
    const auto output_of = [&](int at) { return step.outputs[static_cast<std::size_t>(at)]; };
    const auto join_input = [&](int output, int input) {
      if (groups.join(output, input)) sharing.written[static_cast<std::size_t>(output)] = false;
    };
    for (const Alias& view : step.views) {
      const int input = input_of(view.input);
      const int output = output_of(view.output);
      const Place& at = places[static_cast<std::size_t>(input)];
      const bool same = at.space >= 0 && at.same_bytes(places[static_cast<std::size_t>(output)]);
      if (same) join_input(output, input);
    }
    for (const Window& window : step.windows) {
      if (!holds(statement, places, step, window)) continue;
      if (window.of_output) {
        groups.join(input_of(window.input), output_of(window.output));
      } else {
        join_input(output_of(window.output), input_of(window.input));
      }
    }
  }
  for (int value = 0; value < static_cast<int>(statement.values.size()); ++value) {
    sharing.content.push_back(groups.find(value));
  }
  return sharing;
}

}  // namespace mini_infer::judge
