#include <algorithm>

#include "core/try.h"
#include "optimizer/activation_match.h"
#include "optimizer/constants.h"
#include "optimizer/passes.h"
#include "optimizer/reshape.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// The inputs of a fused node; all but the first two may be left out.
constexpr std::size_t kBias = 2;
constexpr std::size_t kResidual = 3;
constexpr std::size_t kSlots = 4;

bool can_head_a_chain(const Rewriter& rewriter, const Node& node) {
  if (!node.is("Conv") && !node.is("Gemm") && !node.is("MatMul")) return false;
  if (rewriter.value(node.outputs[0]).type != core::DataType::kFloat32) return false;
  return std::all_of(node.inputs.begin(), node.inputs.begin() + 2,
                     [&](ValueId input) { return rewriter.value(input).shape->rank() >= 2; });
}

// A Conv, Gemm or MatMul and what follows it, as the fused node computes it:
// act(product + bias + residual). Every value in between has one reader and is no graph output, so
// the residual cannot depend on it: no cycle can arise. Views of a product that leave its columns
// in place go behind the fused node.
class Chain {
 public:
  Chain(Rewriter& rewriter, NodeId head)
      : rewriter_(rewriter), head_(head), inputs_(rewriter.node(head).inputs) {
    inputs_.resize(kSlots, kNoValue);
    last_ = product();
  }

  void match() {
    take_bias();
    take_residual();
    take_bias();
    take_activation();
  }

  void fuse() {
    if (taken_.empty()) return;
    Node& node = rewriter_.node(head_);
    node.domain = graph::kInternalDomain;
    node.opset = 1;
    if (activation_.kind != ops::Activation::Kind::kNone) activation_.store(node);
    while (inputs_.back() == kNoValue) inputs_.pop_back();
    for (NodeId id : taken_) rewriter_.remove(id);
    rewriter_.set_inputs(head_, inputs_);
    if (shape(last_) == shape(product())) {
      rewriter_.set_output(head_, 0, last_);
    } else {
      add_reshape(rewriter_, product(), last_);
    }
  }

 private:
  // What the head makes before it is fused.
  ValueId product() const { return rewriter_.node(head_).outputs[0]; }
  const Shape& shape(ValueId value) const { return *rewriter_.value(value).shape; }

  // The view that alone reads the value and leaves the columns of a product in place; else kNoNode.
  NodeId view_of(ValueId value) const {
    const NodeId id = rewriter_.only_reader(value);
    if (id == kNoNode || rewriter_.node(head_).is("Conv") || !is_view(rewriter_.graph(), id)) {
      return kNoNode;
    }
    const Shape& viewed = shape(rewriter_.node(id).outputs[0]);
    const std::int64_t columns = shape(value)[shape(value).rank() - 1];
    return viewed.rank() > 0 && viewed[viewed.rank() - 1] == columns ? id : kNoNode;
  }

  // The end of the chain as the next node sees it.
  ValueId end() const {
    ValueId end = last_;
    for (NodeId id = view_of(end); id != kNoNode; id = view_of(end)) {
      end = rewriter_.node(id).outputs[0];
    }
    return end;
  }

  NodeId next() const { return rewriter_.only_reader(end()); }

  void take(NodeId id) {
    for (NodeId view = view_of(last_); view != kNoNode; view = view_of(last_)) {
      taken_.push_back(view);
      last_ = rewriter_.node(view).outputs[0];
    }
    taken_.push_back(id);
    last_ = rewriter_.node(id).outputs[0];
  }

  // What is added to the chain by the node; kNoValue when it is no addition of two.
  ValueId addend(NodeId id) const {
    const Node& node = rewriter_.node(id);
    if (node.inputs.size() != 2 || (!node.is("Add") && !node.is("Sum"))) return kNoValue;
    return node.inputs[node.inputs[0] == end() ? 1 : 0];
  }

  void take_bias() {
    const NodeId id = next();
    if (id == kNoNode || inputs_[kBias] != kNoValue) return;
    const ValueId added = addend(id);
    if (added == kNoValue) return;
    const Shape& sum = shape(end());
    const int axis = rewriter_.node(head_).is("Conv") ? 1 : sum.rank() - 1;
    const auto values = per_channel(rewriter_.graph(), added, sum, axis);
    if (!values) return;
    set_bias(added, Shape{sum[axis]}, *values);
    take(id);
  }

  void set_bias(ValueId added, Shape shape, const std::vector<double>& values) {
    Node& node = rewriter_.node(head_);
    node.attributes.erase("beta");  // of a Gemm: it scaled a C that was not there
    inputs_[kBias] = rewriter_.value(added).shape == shape
                         ? added
                         : rewriter_.add_constant(node.name + "_bias", float_tensor(shape, values));
  }

  void take_residual() {
    const NodeId id = next();
    const ValueId added = id == kNoNode ? kNoValue : addend(id);
    if (added == kNoValue || shape(added) != shape(end())) return;
    inputs_[kResidual] = like_product(added);
    take(id);
  }

  // The value, seen under the shape of the product.
  ValueId like_product(ValueId value) {
    if (shape(value) == shape(product())) return value;
    const ValueId root = viewed_value(rewriter_.graph(), value);
    if (shape(root) == shape(product())) return root;
    const graph::Value& of = rewriter_.value(value);
    const ValueId seen = rewriter_.add_value(of.name + "_rows", of.type, shape(product()));
    add_reshape(rewriter_, root, seen);
    return seen;
  }

  void take_activation() {
    const NodeId id = next();
    if (id == kNoNode || rewriter_.node(id).inputs[0] != end()) return;
    const auto activation = activation_of(rewriter_.graph(), rewriter_.node(id));
    if (!activation) return;
    activation_ = *activation;
    take(id);
  }

  Rewriter& rewriter_;
  NodeId head_;
  std::vector<ValueId> inputs_;
  ops::Activation activation_;
  ValueId last_ = kNoValue;
  std::vector<NodeId> taken_;
};

// Views that went behind a fused node may meet others there.
core::Status shorten_views(Rewriter& rewriter, NodeId id) {
  if (!is_view(rewriter.graph(), id)) return core::Status::SUCCESS;
  join_views(rewriter, id);
  const bool changes_nothing = rewriter.input_shape(id) == rewriter.output_shape(id);
  if (!changes_nothing || !rewriter.can_bypass(id)) return core::Status::SUCCESS;
  return rewriter.bypass(id);
}

}  // namespace

core::Status fuse_epilogue(graph::Graph& graph) {
  Rewriter rewriter(graph);
  std::vector<NodeId> ids = rewriter.nodes();
  // Backwards: of two convolutions that one Add joins, the later one takes it.
  std::reverse(ids.begin(), ids.end());
  for (NodeId id : ids) {
    if (rewriter.removed(id) || !can_head_a_chain(rewriter, rewriter.node(id))) continue;
    Chain chain(rewriter, id);
    chain.match();
    chain.fuse();
  }
  for (NodeId id : rewriter.nodes()) MI_TRY(shorten_views(rewriter, id));
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
