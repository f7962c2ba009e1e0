#include "optimizer/attention/reorder.h"

#include <algorithm>
#include <array>

#include "core/try.h"
#include "ops/shapes.h"
#include "optimizer/attention/output_view.h"
#include "optimizer/attention/projection.h"
#include "optimizer/constants.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::Heads;
using Permutation = std::vector<std::int64_t>;

// A product of rows with constant weights, or the Add of a constant row: every row by itself.
bool is_row_by_row(const Rewriter& rewriter, NodeId id, ValueId rows) {
  const Node& node = rewriter.node(id);
  const auto is_row = [&](ValueId value) {
    const auto* constant = find_float_constant(rewriter.graph(), value);
    return constant != nullptr && constant->shape().rank() == 1;
  };
  if (node.is("Add")) return is_row(node.inputs[node.inputs[0] == rows ? 1 : 0]);
  if (node.inputs.empty() || node.inputs[0] != rows) return false;
  const auto* weights = find_float_constant(rewriter.graph(), input_of(node, 1));
  if (weights == nullptr || weights->shape().rank() != 2) return false;
  if (node.is("MatMul")) return true;
  return node.is("Gemm") && node.get_int("transA", 0) == 0 &&
         (input_of(node, 2) == kNoValue || is_row(node.inputs[2]));
}

// The permutation of a Transpose that moves no element within a row, and moves some rows.
std::optional<Permutation> row_permutation(const Rewriter& rewriter, NodeId id) {
  if (id == kNoNode || !rewriter.node(id).is("Transpose")) return std::nullopt;
  Permutation permutation = permutation_of(rewriter.graph(), id);
  const bool keeps_rows = permutation.back() == static_cast<std::int64_t>(permutation.size()) - 1;
  return keeps_rows ? std::optional(permutation) : std::nullopt;
}

// Strides that read a dense tensor of this shape in the order of the permutation.
StridedAxis strides_in_order(const Shape& shape, const Permutation& permutation) {
  const std::vector<std::int64_t> steps = ops::strides_of(shape);
  StridedAxis strides;
  for (std::int64_t axis : permutation) {
    const std::int64_t extent = shape[static_cast<int>(axis)];
    if (extent > 1) strides.push_back({extent, steps[static_cast<std::size_t>(axis)]});
  }
  return strides;
}

Permutation inverse(const Permutation& permutation) {
  Permutation result(permutation.size());
  for (std::size_t axis = 0; axis < permutation.size(); ++axis) {
    result[static_cast<std::size_t>(permutation[axis])] = static_cast<std::int64_t>(axis);
  }
  return result;
}

// A Transpose, and the nodes between it and an attention.
struct Reordering {
  NodeId transpose = kNoNode;
  Permutation permutation;
  std::vector<NodeId> between;
};

class Around {
 public:
  Around(Rewriter& rewriter, NodeId attention) : rewriter_(rewriter), attention_(attention) {}

  void drop_before(ValueId root) {
    const auto found = find_before(root);
    if (!found) return;
    const Shape shape = *rewriter_.value(root).shape;
    const StridedAxis strides = strides_in_order(shape, inverse(found->permutation));
    std::array<std::optional<Heads>, kHeadsAttributes.size()> heads;
    for (std::size_t slot = 0; slot < heads.size(); ++slot) {
      if (node().inputs[slot] != root) continue;
      const Heads before = stated(kHeadsAttributes[slot]);
      if (before.first >= shape[shape.rank() - 1]) return;
      heads[slot] = reordered(before, strides);
      if (!heads[slot]) return;
    }
    for (std::size_t slot = 0; slot < heads.size(); ++slot) {
      if (heads[slot]) node().attributes[kHeadsAttributes[slot]] = ops::stated(*heads[slot]);
    }
    read_before(*found);
  }

  core::Status drop_after() {
    const auto found = find_after();
    if (!found) return core::Status::SUCCESS;
    const ValueId y = node().outputs[0];
    Shape rows = rewriter_.input_shape(found->transpose);
    rows[rows.rank() - 1] = last_extent(y);
    const auto heads = reordered(stated("output"), strides_in_order(rows, found->permutation));
    if (!heads || last_extent(y) * rows.elements(0, rows.rank() - 1) != rows.elements()) {
      return core::Status::SUCCESS;
    }
    node().attributes["output"] = ops::stated(*heads);
    return write_after(*found, y);
  }

 private:
  Node& node() { return rewriter_.node(attention_); }
  Heads stated(const char* key) { return ops::heads_stated(node().get_ints(key)); }

  std::int64_t last_extent(ValueId value) const {
    const Shape& shape = *rewriter_.value(value).shape;
    return shape[shape.rank() - 1];
  }

  bool is_read_here_alone(ValueId value) const {
    return !rewriter_.is_output(value) &&
           std::ranges::all_of(rewriter_.readers(value),
                               [&](NodeId reader) { return reader == attention_; });
  }

  std::optional<Reordering> find_before(ValueId root) const {
    if (!is_read_here_alone(root)) return std::nullopt;
    Reordering found;
    ValueId value = root;
    for (NodeId id = rewriter_.value(value).producer; id != kNoNode;
         id = rewriter_.value(value).producer) {
      if (const auto permutation = row_permutation(rewriter_, id)) {
        found.transpose = id;
        found.permutation = *permutation;
        return found.between.empty() ? std::nullopt : std::optional(found);
      }
      if (value != root && rewriter_.only_reader(value) != found.between.back()) break;
      const Node& node = rewriter_.node(id);
      if (!node.is("Add") && !node.is("MatMul")) break;
      const bool is_bias_first = rewriter_.value(node.inputs[0]).is_constant();
      value = node.inputs[is_bias_first ? 1 : 0];
      if (!is_row_by_row(rewriter_, id, value)) break;
      found.between.push_back(id);
    }
    return std::nullopt;
  }

  void read_before(const Reordering& found) {
    const NodeId first = found.between.back();
    const ValueId transposed = rewriter_.node(found.transpose).outputs[0];
    const int slot = rewriter_.node(first).inputs[0] == transposed ? 0 : 1;
    rewriter_.set_input(first, slot, rewriter_.node(found.transpose).inputs[0]);
    const Permutation back = inverse(found.permutation);
    for (NodeId id : found.between) permute_shape(rewriter_.node(id).outputs[0], back);
  }

  std::optional<Reordering> find_after() {
    Reordering found;
    ValueId value = node().outputs[0];
    for (NodeId id = rewriter_.only_reader(value); id != kNoNode;
         id = rewriter_.only_reader(value)) {
      if (const auto permutation = row_permutation(rewriter_, id)) {
        found.transpose = id;
        found.permutation = *permutation;
        return found.between.empty() ? std::nullopt : std::optional(found);
      }
      if (!is_row_by_row(rewriter_, id, value) && !keeps_rows(id)) break;
      found.between.push_back(id);
      value = rewriter_.node(id).outputs[0];
    }
    return std::nullopt;
  }

  bool keeps_rows(NodeId id) const {
    if (!rewriter_.node(id).is("Reshape")) return false;
    return last_extent(rewriter_.node(id).inputs[0]) == last_extent(rewriter_.node(id).outputs[0]);
  }

  // The nodes between give the rows in another order, in matrices of one order for all; the
  // Transpose becomes the Reshape that names the new order.
  core::Status write_after(const Reordering& found, ValueId y) {
    const Shape shape = rewriter_.output_shape(found.transpose);
    const std::int64_t rows = shape.elements(0, shape.rank() - 1);
    const auto flatten = [&](ValueId value) {
      rewriter_.graph().value(value).shape = Shape{rows, last_extent(value)};
    };
    flatten(y);
    node().attributes["output_shape"] = rewriter_.value(y).shape->dims();
    ValueId value = y;
    for (NodeId id : found.between) {
      if (rewriter_.node(id).is("Reshape")) {
        MI_TRY(rewriter_.bypass(id));
        continue;
      }
      value = rewriter_.node(id).outputs[0];
      flatten(value);
    }
    make_reshape(rewriter_, found.transpose, value, shape);
    return core::Status::SUCCESS;
  }

  void permute_shape(ValueId value, const Permutation& permutation) {
    const Shape shape = *rewriter_.value(value).shape;
    Shape permuted = shape;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      permuted[axis] = shape[static_cast<int>(permutation[static_cast<std::size_t>(axis)])];
    }
    rewriter_.graph().value(value).shape = permuted;
  }

  Rewriter& rewriter_;
  NodeId attention_;
};

}  // namespace

core::Status drop_reorderings(Rewriter& rewriter, NodeId attention) {
  Around around(rewriter, attention);
  const std::vector<ValueId> inputs = rewriter.node(attention).inputs;
  std::vector<ValueId> done;
  for (std::size_t slot = 0; slot < kHeadsAttributes.size(); ++slot) {
    if (std::ranges::find(done, inputs[slot]) != done.end()) continue;
    done.push_back(inputs[slot]);
    around.drop_before(inputs[slot]);
  }
  return around.drop_after();
}

}  // namespace mini_infer::optimizer
