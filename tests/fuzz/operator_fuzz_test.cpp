// Nodes that no exporter writes: whatever a file may say of an operator, it is an error or it runs.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "cpu/backend.h"
#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "ops/op_def.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using graph::kNoValue;
using graph::ValueId;

class HostileNode {
 public:
  HostileNode(const ops::OpDef& def, std::uint32_t seed) : random_(seed) {
    graph::Node node;
    node.name = "hostile";
    node.op = def.type;
    node.domain = def.domain;
    node.opset = 7 + below(22);
    const int inputs = below(6);
    for (int i = 0; i < inputs; ++i) node.inputs.push_back(below(6) == 0 ? kNoValue : input());
    const int outputs = below(4);
    for (int i = 0; i < outputs; ++i) node.outputs.push_back(below(6) == 0 ? kNoValue : output());
    add_attributes(node);
    graph_.add_node(std::move(node));
  }

  graph::Graph& graph() { return graph_; }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }
  std::int64_t extent() {
    return std::array<std::int64_t, 6>{0, 1, 1, 2, 3, 4}[static_cast<std::size_t>(below(6))];
  }
  std::int64_t number() {
    constexpr std::array<std::int64_t, 12> kNumbers = {0,  1,  1, 1,       2,         3,
                                                       -1, -2, 7, 1 << 30, INT64_MAX, INT64_MIN};
    return kNumbers[static_cast<std::size_t>(below(12))];
  }

  // Half of them constant, so that value inputs are read and the node may be computed.
  ValueId input() {
    constexpr std::array<DataType, 7> kTypes = {
        DataType::kFloat32, DataType::kFloat32, DataType::kFloat32,  DataType::kInt64,
        DataType::kInt32,   DataType::kBool,    DataType::kComplex64};
    Shape shape(std::vector<std::int64_t>(static_cast<std::size_t>(below(5))));
    for (int axis = 0; axis < shape.rank(); ++axis) shape[axis] = extent();
    const DataType type = kTypes[static_cast<std::size_t>(below(7))];
    if (below(2) == 0) {
      core::Tensor tensor = core::Tensor::allocate(type, shape).value();
      if (type == DataType::kInt64) {
        auto* values = reinterpret_cast<std::int64_t*>(tensor.mutable_bytes().data());
        for (std::int64_t i = 0; i < shape.elements(); ++i) values[i] = number();
      }
      return graph_.add_constant("constant", tensor);
    }
    graph::Value value;
    value.name = "input_" + std::to_string(graph_.values().size());
    value.type = type;
    value.shape = shape;
    graph_.inputs.push_back(graph_.add_value(value));
    return graph_.inputs.back();
  }

  ValueId output() {
    graph::Value value;
    value.name = "output";
    return graph_.add_value(value);
  }

  void add_attributes(graph::Node& node) {
    for (const char* key : {"axis",
                            "group",
                            "keepdims",
                            "transA",
                            "transB",
                            "ceil_mode",
                            "batch_dims",
                            "num_outputs",
                            "q_num_heads",
                            "kv_num_heads",
                            "num_heads",
                            "blocksize",
                            "rotary_embedding_dim",
                            "size",
                            "start",
                            "end",
                            "to",
                            "training_mode",
                            "storage_order",
                            "count_include_pad",
                            "exclusive",
                            "reverse"}) {
      if (below(3) == 0) node.attributes[key] = number();
    }
    for (const char* key : {"axes", "perm", "kernel_shape", "strides", "dilations", "pads", "split",
                            "starts", "ends", "output_padding", "output_shape"}) {
      if (below(2) == 0) continue;
      std::vector<std::int64_t> values(static_cast<std::size_t>(below(7)));
      for (auto& value : values) value = number();
      node.attributes[key] = values;
    }
    constexpr std::array<const char*, 8> kWords = {
        "SAME_UPPER", "SAME_LOWER", "VALID", "reflect", "edge", "NHWC", "ij,jk->ik", "add"};
    for (const char* key : {"auto_pad", "mode", "layout", "x_layout", "equation", "reduction"}) {
      if (below(3) == 0) {
        node.attributes[key] = std::string(kWords[static_cast<std::size_t>(below(8))]);
      }
    }
  }

  std::mt19937 random_;
  graph::Graph graph_;
};

TEST(HostileNodes, AreErrorsOrRun) {
  int inferred = 0, bound = 0;
  for (const ops::OpDef* def : ops::all_operators()) {
    for (std::uint32_t seed = 0; seed < 1500; ++seed) {
      SCOPED_TRACE(std::string(def->type) + ", seed " + std::to_string(seed));
      HostileNode hostile(*def, seed);
      const core::Status status = ops::infer(hostile.graph(), cpu::evaluate);
      if (!status.ok()) {
        EXPECT_FALSE(status.message().empty());
        continue;
      }
      ++inferred;
      bound += cpu::backend().bind(ops::NodeView(hostile.graph(), 0), {}).ok() ? 1 : 0;
    }
  }
  EXPECT_GT(inferred, 1000) << "the nodes are so hostile that nothing is tried";
  EXPECT_GT(bound, 1000);
}

}  // namespace
}  // namespace mini_infer::test
