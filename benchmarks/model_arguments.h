#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "mini_infer/mini_infer.h"

// What the programs here take: [NAME=N...] MODEL.onnx, where NAME=N binds an extent that the model
// leaves open by that name; all others are 1.
namespace mini_infer::benchmarks {

using Extents = std::map<std::string, std::int64_t>;

[[nodiscard]] inline core::Status bind_open_extents(graph::Graph& graph, const Extents& extents) {
  for (graph::ValueId id : graph.inputs) {
    const graph::Value& value = graph.value(id);
    if (value.shape || !value.declared) continue;
    std::vector<std::int64_t> dims;
    for (const graph::Dim& dim : *value.declared) {
      const auto given = extents.find(dim.symbol);
      const std::int64_t open = given == extents.end() ? 1 : given->second;
      dims.push_back(dim.extent >= 0 ? dim.extent : open);
    }
    const std::string name = value.name;
    if (auto bound = graph::bind_input_shape(graph, name, core::Shape(dims)); !bound.ok())
      return bound;
  }
  return core::Status::SUCCESS;
}

// The file, or its folder when it is just "model.onnx"; and what was bound.
inline std::string title(const std::filesystem::path& path, const Extents& extents) {
  std::string text =
      path.stem() == "model" ? path.parent_path().filename().string() : path.stem().string();
  for (const auto& [name, extent] : extents) text += ", " + name + " " + std::to_string(extent);
  return text;
}

// Whether the argument is NAME=N, which is then entered.
inline bool enter_extent(const std::string& argument, Extents& extents) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || std::filesystem::exists(argument)) return false;
  extents[argument.substr(0, equals)] = std::atoll(argument.c_str() + equals + 1);
  return true;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace mini_infer::benchmarks
