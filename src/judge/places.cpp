#include "judge/places.h"

#include <numeric>
#include <string>

#include "core/try.h"

namespace mini_infer::judge {
namespace {

using core::Status;

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

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
    at = {space, storage.offset, storage.offset + value.bytes, &storage};
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

std::vector<int> find_contents(const Statement& statement, const std::vector<Place>& places) {
  std::vector<int> contents(statement.values.size());
  std::iota(contents.begin(), contents.end(), 0);
  for (const Step& step : statement.steps) {
    for (const Alias& view : step.views) {
      const auto input =
          static_cast<std::size_t>(step.inputs[static_cast<std::size_t>(view.input)].value);
      const auto output =
          static_cast<std::size_t>(step.outputs[static_cast<std::size_t>(view.output)]);
      if (places[input].space >= 0 && places[input].same_bytes(places[output])) {
        contents[output] = contents[input];
      }
    }
  }
  return contents;
}

}  // namespace mini_infer::judge
