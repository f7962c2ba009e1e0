#include <algorithm>
#include <span>

#include "core/try.h"
#include "ops/conv.h"
#include "optimizer/layout/min_cut.h"
#include "optimizer/layout/rules.h"

// Operators on images, whose channels-last form is the operator of that name in the domain
// mini_infer with layout "NHWC".
namespace mini_infer::optimizer {
namespace {

using graph::Node;
using graph::NodeId;
using graph::Value;
using graph::ValueId;

constexpr int kMinRank = 3;
constexpr int kMaxRank = 5;  // three spatial axes
constexpr int kResidual = 3;

bool is_image(const Value& value) {
  const int rank = value.shape->rank();
  return value.type == core::DataType::kFloat32 && rank >= kMinRank && rank <= kMaxRank;
}

bool is_graph_input(const Rewriter& rewriter, ValueId value) {
  const auto& inputs = rewriter.graph().inputs;
  return std::find(inputs.begin(), inputs.end(), value) != inputs.end();
}

// Of one group.
std::int64_t elements_under_window(const Value& weights) {
  return weights.shape->elements(1, weights.shape->rank());
}

// Channels last always: only there is a convolution fast. The first one of a network gathers what
// it reads from the model's input as it is.
std::optional<LayoutPorts> conv_ports(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  const Value& input = rewriter.value(node.inputs[0]);
  const Value& weights = rewriter.value(node.inputs[1]);
  const bool done = node.get_string("layout", "NCHW") != "NCHW";
  if (done || !is_image(input) || !weights.is_constant()) return std::nullopt;
  LayoutPorts ports{.outputs = {0}, .cost_first = MinCut::kNever};
  if (is_graph_input(rewriter, node.inputs[0]) && !input.is_constant() &&
      elements_under_window(weights) <= ops::kMostGathered) {
    ports.absorbed = 0;
  } else {
    ports.inputs.push_back(0);
  }
  if (input_of(node, kResidual) != graph::kNoValue) ports.inputs.push_back(kResidual);
  return ports;
}

core::Status set_nhwc(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  Node& node = forms.rewriter().node(id);
  node.domain = graph::kInternalDomain;
  node.opset = 1;
  node.attributes["layout"] = std::string("NHWC");
  return core::Status::SUCCESS;
}

// Poolings and normalisations alone are not worth a conversion before and after.
std::optional<LayoutPorts> image_ports(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  const Value& input = rewriter.value(node.inputs[0]);
  if (!is_image(input) || node.outputs.size() != 1 || node.get_int("spatial", 1) == 0) {
    return std::nullopt;
  }
  return LayoutPorts{.inputs = {0}, .outputs = {0}, .cost_first = conversion_bytes(input)};
}

// A scale per group, as before opset 21, has no channels-last form.
std::optional<LayoutPorts> group_normalization_ports(const Rewriter& rewriter, NodeId id) {
  constexpr int kScalePerChannel = 21;
  if (rewriter.node(id).opset < kScalePerChannel) return std::nullopt;
  return image_ports(rewriter, id);
}

// To a GroupNormalization with one channel a group.
core::Status convert_instance_normalization(ConstantForms& forms, NodeId id,
                                            const LayoutPorts& ports) {
  Rewriter& rewriter = forms.rewriter();
  rewriter.node(id).op = "GroupNormalization";
  rewriter.node(id).attributes["num_groups"] = rewriter.input_shape(id)[1];
  return set_nhwc(forms, id, ports);
}

// The gates go with the image: they are the same bytes in both layouts.
std::optional<LayoutPorts> scale_ports(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  if (!is_image(rewriter.value(node.inputs[0]))) return std::nullopt;
  LayoutPorts ports{.inputs = {0, 1}, .outputs = {0}};
  if (node.inputs.size() > 2) ports.inputs.push_back(2);
  return ports;
}

constexpr LayoutRule kConv{conv_ports, set_nhwc};
constexpr LayoutRule kImage{image_ports, set_nhwc};

constexpr NamedLayoutRule kTable[] = {
    {"Conv", "", kConv},
    {"Conv", graph::kInternalDomain, kConv},
    {"MaxPool", "", kImage},
    {"AveragePool", "", kImage},
    {"GlobalMaxPool", "", kImage},
    {"GlobalAveragePool", "", kImage},
    {"BatchNormalization", "", kImage},
    {"GroupNormalization", "", {group_normalization_ports, set_nhwc}},
    {"InstanceNormalization", "", {image_ports, convert_instance_normalization}},
    {"LRN", "", kImage},
    {"Scale", graph::kInternalDomain, {scale_ports, set_nhwc}},
};

}  // namespace

extern constinit const std::span<const NamedLayoutRule> kImageRules = kTable;

}  // namespace mini_infer::optimizer
