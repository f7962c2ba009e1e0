#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mini_infer/graph/graph.h"

namespace mini_infer::test {

// Graphs in a few readable lines:
//   GraphBuilder b;
//   auto x = b.input("x", {1, 8});
//   b.output(b.op("Relu", {x}, {}, "y"));
class GraphBuilder {
 public:
  using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

  graph::ValueId input(const std::string& name, core::Shape shape,
                       core::DataType type = core::DataType::kFloat32) {
    graph::Value value;
    value.name = name;
    value.type = type;
    value.shape = std::move(shape);
    graph_->inputs.push_back(graph_->add_value(std::move(value)));
    return graph_->inputs.back();
  }

  graph::ValueId constant(const core::Tensor& tensor) {
    return graph_->add_constant("constant_" + std::to_string(graph_->values().size()), tensor);
  }

  graph::ValueId int64s(const std::vector<std::int64_t>& values) {
    return constant(core::Tensor::from<std::int64_t>(
        core::DataType::kInt64, core::Shape{static_cast<std::int64_t>(values.size())}, values));
  }

  // Adds a node with `outputs` results and returns them all.
  std::vector<graph::ValueId> ops(const std::string& type, std::vector<graph::ValueId> inputs,
                                  int outputs, Attributes attributes = {}, int opset = 17) {
    graph::Node node;
    node.name = type + "_" + std::to_string(graph_->nodes().size());
    node.op = type;
    node.opset = opset;
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
    for (int i = 0; i < outputs; ++i) {
      graph::Value value;
      value.name = node.name + "_" + std::to_string(i);
      node.outputs.push_back(graph_->add_value(std::move(value)));
    }
    std::vector<graph::ValueId> made = node.outputs;
    graph_->add_node(std::move(node));
    return made;
  }

  graph::ValueId op(const std::string& type, std::vector<graph::ValueId> inputs,
                    Attributes attributes = {}, const std::string& name = "") {
    const graph::ValueId made = ops(type, std::move(inputs), 1, std::move(attributes))[0];
    if (!name.empty()) graph_->value(made).name = name;
    return made;
  }

  void output(graph::ValueId value) { graph_->outputs.push_back(value); }

  graph::Graph& graph() { return *graph_; }
  std::shared_ptr<graph::Graph> share() { return graph_; }

 private:
  std::shared_ptr<graph::Graph> graph_ = std::make_shared<graph::Graph>();
};

}  // namespace mini_infer::test
