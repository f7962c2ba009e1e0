#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/core/types.h"

namespace mini_infer::core {
class BackingFile;
}

namespace mini_infer::graph {

// Handles are indices into Graph::nodes() and Graph::values(). Names are for people; nothing is
// looked up by name after import but graph inputs and outputs.
using NodeId = std::int32_t;
using ValueId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input or output left out
inline constexpr NodeId kNoNode = -1;

class Graph;

// An attribute as ONNX types it. Subgraphs are shared, never changed in place.
using Attribute =
    std::variant<std::int64_t, float, std::string, core::Tensor, std::shared_ptr<const Graph>,
                 std::vector<std::int64_t>, std::vector<float>, std::vector<std::string>,
                 std::vector<core::Tensor>, std::vector<std::shared_ptr<const Graph>>>;

// Where a value's bytes are needed. kConstant: known before running, kept in the weights pool when
// a kernel reads it. kHost: read by the host while running (shape arithmetic, conditions).
enum class MemoryKind { kDevice, kHost, kConstant };

// One extent as a model file states it: known (extent >= 0), or a symbol to be bound by the caller
// (extent < 0; the symbol's name may be empty).
struct Dim {
  std::int64_t extent = -1;
  std::string symbol;
};

// One tensor of the graph.
struct Value {
  std::string name;
  core::DataType type = core::DataType::kUndefined;
  // What the file says about a graph input or output; nullopt when it says nothing.
  std::optional<std::vector<Dim>> declared;
  // The real extents: set for constants and bound inputs by import, for the rest by inference.
  std::optional<core::Shape> shape;
  MemoryKind kind = MemoryKind::kDevice;
  // The bytes of a constant: an initialiser, or a value found to be constant.
  std::optional<core::Tensor> constant;
  NodeId producer = kNoNode;

  // Also once an engine has moved the bytes into its pool.
  bool is_constant() const { return constant.has_value() || kind == MemoryKind::kConstant; }
};

// One operator applied once.
struct Node {
  std::string name;              // never empty: import gives "Conv_12" to a node without one
  std::string op;                // "Conv"
  std::string domain;            // "" for ai.onnx, "mini_infer" for what the optimiser makes
  int opset = 0;                 // the version of `domain` the node is written in
  std::vector<ValueId> inputs;   // kNoValue where an optional one is left out
  std::vector<ValueId> outputs;  // kNoValue likewise
  std::map<std::string, Attribute, std::less<>> attributes;

  // The attribute, or nullptr when absent or of another type.
  template <typename T>
  const T* find(std::string_view key) const {
    auto it = attributes.find(key);
    return it == attributes.end() ? nullptr : std::get_if<T>(&it->second);
  }
  // The attribute, or `fallback` when absent.
  std::int64_t get_int(std::string_view key, std::int64_t fallback) const;
  float get_float(std::string_view key, float fallback) const;
  std::string get_string(std::string_view key, std::string_view fallback) const;
  std::vector<std::int64_t> get_ints(std::string_view key,
                                     std::vector<std::int64_t> fallback = {}) const;
  std::vector<float> get_floats(std::string_view key, std::vector<float> fallback = {}) const;

  bool is(std::string_view type, std::string_view of_domain = "") const {
    return op == type && domain == of_domain;
  }
};

// The domain of operators that only the optimiser makes; importers refuse it in a file.
inline constexpr std::string_view kInternalDomain = "mini_infer";

// A directed acyclic graph of operators in single-assignment form. A plain value type: copying
// copies nodes and values and shares the bytes of constants. Not synchronised: one thread at a time
// may change it, many may read it.
class MINI_INFER_API Graph {
 public:
  std::string name;
  // Opset version per domain; "" is ai.onnx.
  std::map<std::string, int, std::less<>> opsets;
  std::vector<ValueId> inputs;   // what a run must be given, in order; initialisers excluded
  std::vector<ValueId> outputs;  // what a run yields, in order
  // In a subgraph: values of the enclosing graph read here, by name, each also an input-less value.
  std::vector<ValueId> outer_values;
  // The mapped files that bytes of constants lie in, those of subgraphs included. An engine checks
  // while it is built that none of them has changed since import.
  std::vector<std::shared_ptr<const core::BackingFile>> files;

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Value>& values() const { return values_; }
  Node& node(NodeId id) { return nodes_[static_cast<std::size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  Value& value(ValueId id) { return values_[static_cast<std::size_t>(id)]; }
  const Value& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }

  ValueId add_value(Value value);
  ValueId add_constant(std::string value_name, core::Tensor tensor);
  // Adds the node and makes it the producer of its outputs.
  NodeId add_node(Node node);

  // Points every reader of `from` (node inputs and graph outputs) at `to`.
  void replace_uses(ValueId from, ValueId to);
  bool is_output(ValueId id) const;
  // readers[v]: the nodes that read v, once per reading input slot, ascending.
  std::vector<std::vector<NodeId>> readers() const;

  // Keeps only nodes with keep[id], in topological order, and drops values nobody mentions.
  // Every id changes; graph inputs and outputs are kept.
  [[nodiscard]] core::Status compact(const std::vector<bool>& keep);

  // A stable order: the nodes in id order, each preceded by the producers it still lacks. A graph
  // that is in order already keeps its order. ERROR_INVALID_MODEL names the nodes on one cycle.
  [[nodiscard]] core::Status topological_sort(std::vector<NodeId>& order) const;

  // ids in range, one producer each, no dangling value, no cycle, constants whose bytes match, no
  // duplicate names among inputs. The error names the node.
  [[nodiscard]] core::Status verify() const;

  // One line per input, constant count, node and output; stable, for people and golden tests.
  std::string to_text() const;

 private:
  std::vector<Node> nodes_;
  std::vector<Value> values_;
};

// Binds the extents of one graph input. A known extent of the model must agree; a symbol bound here
// is bound in every input that uses it. ERROR_INVALID_ARGUMENT names the input and what it expects.
[[nodiscard]] MINI_INFER_API core::Status bind_input_shape(Graph& graph, std::string_view input,
                                                           const core::Shape& shape);

// Fixes the value of a graph input that decides shapes (the second input of Reshape, say), which
// must be known before planning. It stays an input: a run must be given the same bytes.
[[nodiscard]] MINI_INFER_API core::Status bind_input_value(Graph& graph, std::string_view input,
                                                           core::Tensor value);

// "Conv 'layer1.0.conv1' (opset 13)": how errors name a node.
MINI_INFER_API std::string describe(const Node& node);

}  // namespace mini_infer::graph
