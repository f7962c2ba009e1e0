#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/try.h"
#include "ops/convert.h"
#include "ops/op_def.h"
#include "optimizer/masking_nodes.h"
#include "optimizer/passes.h"
#include "optimizer/rewrite.h"

// Stores float32 tensors in a 16-bit format wherever that is safe: nodes that compute in float32
// and round once at the end read and write it; the others keep float32, between Casts. So do masks,
// what makes them, and what adds them to scores: their numbers may be beyond the range. Graph
// inputs and outputs keep their types.
namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using core::Tensor;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// Operators whose float32 inputs and outputs are all of one type, and which round each result once.
// Sums over whole tensors, powers and exponentials are left out: their results may be beyond the
// range of float16.
constexpr std::array<std::string_view, 74> kLowered = {"Abs",
                                                       "Add",
                                                       "Attention",
                                                       "AveragePool",
                                                       "BatchNormalization",
                                                       "Celu",
                                                       "Clip",
                                                       "Concat",
                                                       "Conv",
                                                       "ConvTranspose",
                                                       "Cos",
                                                       "DepthToSpace",
                                                       "Div",
                                                       "Dropout",
                                                       "Elu",
                                                       "Erf",
                                                       "Expand",
                                                       "Flatten",
                                                       "Gather",
                                                       "GatherElements",
                                                       "GatherND",
                                                       "Gelu",
                                                       "Gemm",
                                                       "GlobalAveragePool",
                                                       "GlobalMaxPool",
                                                       "GroupNormalization",
                                                       "HardSigmoid",
                                                       "HardSwish",
                                                       "Identity",
                                                       "InstanceNormalization",
                                                       "LRN",
                                                       "LayerNormalization",
                                                       "LeakyRelu",
                                                       "LogSoftmax",
                                                       "MatMul",
                                                       "Max",
                                                       "MaxPool",
                                                       "Mean",
                                                       "Min",
                                                       "Mish",
                                                       "Mul",
                                                       "Neg",
                                                       "PRelu",
                                                       "Pad",
                                                       "RMSNormalization",
                                                       "ReduceMax",
                                                       "ReduceMean",
                                                       "ReduceMin",
                                                       "Relu",
                                                       "Reshape",
                                                       "RotaryEmbedding",
                                                       "Scale",
                                                       "Selu",
                                                       "Sigmoid",
                                                       "Sign",
                                                       "Sin",
                                                       "Slice",
                                                       "Softmax",
                                                       "Softplus",
                                                       "Softsign",
                                                       "SpaceToDepth",
                                                       "Split",
                                                       "Sqrt",
                                                       "Squeeze",
                                                       "Sub",
                                                       "Sum",
                                                       "Swish",
                                                       "Tanh",
                                                       "ThresholdedRelu",
                                                       "Tile",
                                                       "Transpose",
                                                       "Trilu",
                                                       "Unsqueeze",
                                                       "Where"};

// Those of which some outputs are float32 whatever they read.
bool keeps_output(const Node& node, std::size_t slot) {
  const bool statistics =
      node.domain.empty() && (node.op == "LayerNormalization" || node.op == "BatchNormalization");
  return statistics && slot > 0;
}

bool reads_lowered(const Node& node) {
  return (node.domain.empty() || node.domain == graph::kInternalDomain) &&
         std::find(kLowered.begin(), kLowered.end(), node.op) != kLowered.end();
}

// Read while building only, and not of the type of the others: the ratio of Dropout.
bool is_value_input(const Node& node, std::size_t slot) {
  return slot < 32 && (ops::find(node)->value_inputs >> slot & 1u) != 0;
}

// What is beyond the range becomes the nearest that is not, so that a mask of the largest float32
// stays a number.
template <typename T>
void round(const Tensor& from, float largest, Tensor& to) {
  auto* rounded = reinterpret_cast<T*>(to.mutable_bytes().data());
  for (const float x : from.as<float>()) {
    *rounded++ = ops::convert<T>(std::isfinite(x) ? std::clamp(x, -largest, largest) : x);
  }
}

class Lowering {
 public:
  Lowering(graph::Graph& graph, DataType to)
      : rewriter_(graph), to_(to), masking_(masking_nodes(rewriter_)) {}

  Status run() {
    for (NodeId id : rewriter_.nodes()) MI_TRY(visit(id));
    for (ValueId output : rewriter_.graph().outputs) MI_TRY(restore(output));
    return rewriter_.finish();
  }

 private:
  bool is_float(ValueId id) const {
    return id != kNoValue && rewriter_.value(id).type == DataType::kFloat32;
  }

  Status visit(NodeId id) {
    if (masking_.contains(id)) return read_restored(id);
    const bool cast = rewriter_.node(id).is("Cast") && !is_float(rewriter_.node(id).inputs[0]);
    if (!cast && !reads_lowered(rewriter_.node(id))) return read_restored(id);
    for (std::size_t slot = 0; slot < rewriter_.node(id).inputs.size(); ++slot) {
      const ValueId input = rewriter_.node(id).inputs[slot];
      if (reads_mask(rewriter_.node(id), slot)) {
        if (input != kNoValue) MI_TRY(restore(input));
        continue;
      }
      if (!is_float(input) || is_value_input(rewriter_.node(id), slot)) continue;
      MI_ASSIGN(const ValueId lowered, lower(input));
      rewriter_.set_input(id, static_cast<int>(slot), lowered);
    }
    for (std::size_t slot = 0; slot < rewriter_.node(id).outputs.size(); ++slot) {
      const ValueId output = rewriter_.node(id).outputs[slot];
      if (!is_float(output) || keeps_output(rewriter_.node(id), slot)) continue;
      const ValueId lowered = new_value(output);
      rewriter_.set_output(id, static_cast<int>(slot), lowered);
      lowered_[output] = lowered;
      if (cast) rewriter_.node(id).attributes["to"] = static_cast<std::int64_t>(to_);
    }
    return Status::SUCCESS;
  }

  Status read_restored(NodeId id) {
    const std::vector<ValueId> inputs = rewriter_.node(id).inputs;
    for (ValueId input : inputs) {
      if (input != kNoValue) MI_TRY(restore(input));
    }
    return Status::SUCCESS;
  }

  // The 16-bit form of a value that is there as float32.
  Result<ValueId> lower(ValueId value) {
    if (const auto known = lowered_.find(value); known != lowered_.end()) return known->second;
    if (const auto& constant = rewriter_.value(value).constant) {
      MI_ASSIGN(Tensor tensor, rounded(constant->aligned()));
      const ValueId id = rewriter_.add_constant(name_of(value), std::move(tensor));
      lowered_[value] = id;
      return id;
    }
    const ValueId id = new_value(value);
    add_cast(value, id, to_);
    lowered_[value] = id;
    return id;
  }

  // Where a value is there in its 16-bit form only, the float32 one comes back.
  Status restore(ValueId value) {
    const auto known = lowered_.find(value);
    const bool is_there =
        rewriter_.value(value).producer != graph::kNoNode || known == lowered_.end() ||
        rewriter_.value(known->second).producer == graph::kNoNode || is_graph_input(value);
    if (!is_there) add_cast(known->second, value, DataType::kFloat32);
    return Status::SUCCESS;
  }

  bool is_graph_input(ValueId value) const {
    const auto& inputs = rewriter_.graph().inputs;
    return std::find(inputs.begin(), inputs.end(), value) != inputs.end();
  }

  Result<Tensor> rounded(const Tensor& constant) {
    MI_ASSIGN(Tensor result, rewriter_.new_tensor(to_, constant.shape()));
    if (to_ == DataType::kFloat16) {
      round<ops::Float16>(constant, 65504.0f, result);
    } else {
      round<ops::BFloat16>(constant, 0x1.fep127f, result);
    }
    return result;
  }

  std::string name_of(ValueId value) const {
    return rewriter_.value(value).name + "_" + core::type_name(to_);
  }
  ValueId new_value(ValueId like) {
    return rewriter_.add_value(name_of(like), to_, *rewriter_.value(like).shape);
  }
  void add_cast(ValueId from, ValueId to, DataType type) {
    Node cast;
    cast.name = rewriter_.value(to).name + "_cast";
    cast.op = "Cast";
    cast.opset = 13;
    cast.inputs = {from};
    cast.outputs = {to};
    cast.attributes["to"] = static_cast<std::int64_t>(type);
    rewriter_.add_node(std::move(cast));
  }

  Rewriter rewriter_;
  DataType to_;
  std::set<NodeId> masking_;
  std::map<ValueId, ValueId> lowered_;
};

}  // namespace

Status to_float16(graph::Graph& graph) { return Lowering(graph, DataType::kFloat16).run(); }
Status to_bfloat16(graph::Graph& graph) { return Lowering(graph, DataType::kBFloat16).run(); }

}  // namespace mini_infer::optimizer
