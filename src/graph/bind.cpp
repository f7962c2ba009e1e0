#include <map>

#include "core/try.h"
#include "graph/dim_text.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {
namespace {

using core::Status;

core::Result<ValueId> find_input(const Graph& graph, std::string_view name) {
  std::string known;
  for (ValueId id : graph.inputs) {
    if (graph.value(id).name == name) return id;
    known += (known.empty() ? "'" : ", '") + graph.value(id).name + "'";
  }
  return {Status::ERROR_INVALID_ARGUMENT,
          "the model has no input '" + std::string(name) + "'; its inputs are " + known};
}

// Sets extents for symbols everywhere, and the shape of inputs that became fully known.
Status bind_symbols(Graph& graph, const std::map<std::string, std::int64_t>& symbols) {
  for (ValueId id : graph.inputs) {
    Value& value = graph.value(id);
    if (!value.declared) continue;
    bool known = true;
    core::Shape shape(std::vector<std::int64_t>(value.declared->size()));
    for (int axis = 0; axis < shape.rank(); ++axis) {
      Dim& dim = (*value.declared)[static_cast<std::size_t>(axis)];
      if (dim.extent < 0 && !dim.symbol.empty()) {
        if (auto bound = symbols.find(dim.symbol); bound != symbols.end()) {
          dim.extent = bound->second;
        }
      }
      known &= dim.extent >= 0;
      shape[axis] = dim.extent;
    }
    if (known && !value.shape) {
      if (!core::checked_bytes(value.type, shape)) {
        return {Status::ERROR_INVALID_ARGUMENT, "input '" + value.name + "' of shape " +
                                                    shape.to_string() + " has no size in bytes"};
      }
      value.shape = std::move(shape);
    }
  }
  return Status::SUCCESS;
}

}  // namespace

Status bind_input_shape(Graph& graph, std::string_view input, const core::Shape& shape) {
  MI_ASSIGN(const ValueId id, find_input(graph, input));
  Value& value = graph.value(id);
  auto refuse = [&](const std::string& expected) -> Status {
    return {Status::ERROR_INVALID_ARGUMENT, "input '" + value.name + "': expected shape " +
                                                expected + ", was given " + shape.to_string()};
  };
  if (!core::checked_bytes(value.type, shape)) {
    return refuse("with extents of 0 or more and a size that fits the machine");
  }
  if (value.shape && *value.shape != shape) return refuse(value.shape->to_string());
  if (!value.declared) {
    value.shape = shape;
    return Status::SUCCESS;
  }
  if (static_cast<int>(value.declared->size()) != shape.rank()) {
    return refuse(dim_text(*value.declared));
  }
  std::map<std::string, std::int64_t> symbols;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const Dim& dim = (*value.declared)[static_cast<std::size_t>(axis)];
    if (dim.extent >= 0 && dim.extent != shape[axis]) return refuse(dim_text(*value.declared));
    if (dim.extent < 0 && !dim.symbol.empty()) {
      auto [bound, fresh] = symbols.emplace(dim.symbol, shape[axis]);
      if (!fresh && bound->second != shape[axis]) return refuse(dim_text(*value.declared));
    }
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    (*value.declared)[static_cast<std::size_t>(axis)].extent = shape[axis];
  }
  return bind_symbols(graph, symbols);
}

Status bind_input_value(Graph& graph, std::string_view input, core::Tensor tensor) {
  MI_ASSIGN(const ValueId id, find_input(graph, input));
  if (graph.value(id).type != tensor.type()) {
    return {Status::ERROR_INVALID_ARGUMENT, "input '" + std::string(input) + "': expected " +
                                                core::type_name(graph.value(id).type) +
                                                ", was given " + core::type_name(tensor.type())};
  }
  MI_TRY(bind_input_shape(graph, input, tensor.shape()));
  graph.value(id).constant = std::move(tensor);
  return Status::SUCCESS;
}

}  // namespace mini_infer::graph
