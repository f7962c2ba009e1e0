#include "optimizer/builder.h"

#include <random>

namespace mini_infer::test {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::Value;
using graph::ValueId;

Tensor floats(Shape shape, std::vector<float> values) {
  return Tensor::from<float>(DataType::kFloat32, std::move(shape), values);
}

Tensor int64s(std::vector<std::int64_t> values) {
  return Tensor::from<std::int64_t>(DataType::kInt64,
                                    Shape{static_cast<std::int64_t>(values.size())}, values);
}

Tensor noise(Shape shape, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (float& value : values) value = static_cast<float>(random() % 20000) / 10000.0f - 1.0f;
  return floats(std::move(shape), std::move(values));
}

namespace {

std::uint32_t seed_of(const std::string& name) {
  std::uint32_t seed = 17;
  for (char c : name) seed = seed * 31 + static_cast<unsigned char>(c);
  return seed;
}

std::vector<std::int64_t> same_pads(const Shape& weights) {
  std::vector<std::int64_t> pads;
  for (int side = 0; side < 2; ++side) {
    for (int axis = 2; axis < weights.rank(); ++axis) pads.push_back(weights[axis] / 2);
  }
  return pads;
}

}  // namespace

ValueId Builder::input(const std::string& name, Shape shape, DataType type) {
  Value value;
  value.name = name;
  value.type = type;
  value.shape = std::move(shape);
  graph_.inputs.push_back(graph_.add_value(std::move(value)));
  return graph_.inputs.back();
}

ValueId Builder::constant(const std::string& name, Tensor tensor) {
  return graph_.add_constant(name, std::move(tensor));
}

ValueId Builder::scalar(const std::string& name, float value) {
  return constant(name, floats({}, {value}));
}

ValueId Builder::weights(const std::string& name, Shape shape) {
  return constant(name, noise(std::move(shape), seed_of(name)));
}

Builder::Values Builder::node_of_many(const std::string& op, const std::string& name, Values inputs,
                                      int outputs, Attributes attributes, int opset) {
  graph::Node node;
  node.name = name;
  node.op = op;
  node.opset = opset;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (int i = 0; i < outputs; ++i) {
    Value value;
    value.name = i == 0 ? name : name + "_" + std::to_string(i);
    node.outputs.push_back(graph_.add_value(std::move(value)));
  }
  Values made = node.outputs;
  graph_.add_node(std::move(node));
  return made;
}

ValueId Builder::node(const std::string& op, const std::string& name, Values inputs,
                      Attributes attributes, int opset) {
  return node_of_many(op, name, std::move(inputs), 1, std::move(attributes), opset)[0];
}

ValueId Builder::conv(const std::string& name, ValueId x, Shape shape, Attributes attributes) {
  attributes.try_emplace("pads", same_pads(shape));
  return node("Conv", name, {x, weights(name + "_w", std::move(shape))}, std::move(attributes));
}

ValueId Builder::conv_with_bias(const std::string& name, ValueId x, Shape shape) {
  const ValueId bias = weights(name + "_b", {shape[0]});
  std::vector<std::int64_t> pads = same_pads(shape);
  return node("Conv", name, {x, weights(name + "_w", std::move(shape)), bias},
              {{"pads", std::move(pads)}});
}

ValueId Builder::batch_norm(const std::string& name, ValueId x, std::int64_t channels) {
  std::vector<float> variance(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < variance.size(); ++i) variance[i] = 0.5f + static_cast<float>(i);
  return node(
      "BatchNormalization", name,
      {x, weights(name + "_scale", {channels}), weights(name + "_shift", {channels}),
       weights(name + "_mean", {channels}), constant(name + "_var", floats({channels}, variance))});
}

}  // namespace mini_infer::test
