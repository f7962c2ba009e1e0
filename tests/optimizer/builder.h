#pragma once

#include <string>
#include <vector>

#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::test {

core::Tensor floats(core::Shape shape, std::vector<float> values);
core::Tensor int64s(std::vector<std::int64_t> values);
// Numbers in [-1, 1) that depend on the seed only.
core::Tensor noise(core::Shape shape, std::uint32_t seed);

// Graphs in a few readable lines. A node's name is also that of its first output:
//   Builder b;
//   auto x = b.input("x", {1, 3, 8, 8});
//   b.output(b.relu("y", b.conv("c", x, {4, 3, 3, 3})));
class Builder {
 public:
  using Attributes = std::map<std::string, graph::Attribute, std::less<>>;
  using Values = std::vector<graph::ValueId>;

  graph::ValueId input(const std::string& name, core::Shape shape,
                       core::DataType type = core::DataType::kFloat32);
  graph::ValueId constant(const std::string& name, core::Tensor tensor);
  graph::ValueId scalar(const std::string& name, float value);
  // A constant of noise that depends on the name.
  graph::ValueId weights(const std::string& name, core::Shape shape);

  graph::ValueId node(const std::string& op, const std::string& name, Values inputs,
                      Attributes attributes = {}, int opset = 17);
  // Outputs are name, name_1, name_2, ...
  Values node_of_many(const std::string& op, const std::string& name, Values inputs, int outputs,
                      Attributes attributes = {}, int opset = 17);

  // Weights of shape [M, C / group, kernel...]; padded so that stride 1 keeps the extents.
  graph::ValueId conv(const std::string& name, graph::ValueId x, core::Shape weights,
                      Attributes attributes = {});
  graph::ValueId conv_with_bias(const std::string& name, graph::ValueId x, core::Shape weights);
  graph::ValueId batch_norm(const std::string& name, graph::ValueId x, std::int64_t channels);
  graph::ValueId relu(const std::string& name, graph::ValueId x) { return node("Relu", name, {x}); }
  graph::ValueId add(const std::string& name, graph::ValueId a, graph::ValueId b) {
    return node("Add", name, {a, b});
  }
  graph::ValueId mul(const std::string& name, graph::ValueId a, graph::ValueId b) {
    return node("Mul", name, {a, b});
  }
  graph::ValueId transpose(const std::string& name, graph::ValueId x,
                           std::vector<std::int64_t> permutation) {
    return node("Transpose", name, {x}, {{"perm", std::move(permutation)}});
  }
  graph::ValueId reshape(const std::string& name, graph::ValueId x,
                         std::vector<std::int64_t> shape) {
    return node("Reshape", name, {x, constant(name + "_extents", int64s(std::move(shape)))});
  }

  void output(graph::ValueId value) { graph_.outputs.push_back(value); }
  graph::Graph& graph() { return graph_; }

 private:
  graph::Graph graph_;
};

}  // namespace mini_infer::test
