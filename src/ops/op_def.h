#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "mini_infer/core/status.h"
#include "ops/node_view.h"

// An operator is described once, here: what comes out of what goes in, whose bytes an output may
// share, which workspace it cannot do without. Facts only; kernels are the backends'.
namespace mini_infer::ops {

enum class AliasKind {
  kNone,
  kView,       // the output is the input's bytes, seen under another shape
  kOverwrite,  // the output may take the input's bytes when this node is their last reader
  // A part of another tensor, in its rows (tensor_window.h): an output that lies in the input, an
  // input that lies in the output.
  kWindowOfInput,
  kWindowOfOutput,
};

struct Alias {
  AliasKind kind = AliasKind::kNone;
  int output = 0;
  int input = 0;
};

// A set of input slots: inputs(1, 2). Slot 31 and above cannot be named.
using InputSet = std::uint32_t;
template <typename... Slots>
constexpr InputSet inputs(Slots... slots) {
  return (InputSet{0} | ... | (InputSet{1} << slots));
}

// Tensors of a node whose rows need not lie side by side (NodeView::input_pitch).
struct PitchedSlots {
  InputSet inputs = 0;
  bool output = false;  // all of them
};

struct OpDef {
  std::string_view type;
  std::string_view domain = "";
  // The oldest opset whose meaning we implement. Import refuses older nodes.
  int since = 7;
  // Sets type and shape of every output, or says what is wrong with the node.
  core::Status (*infer)(InferContext&) = nullptr;
  std::array<Alias, 4> alias = {};
  // When set: whether `alias` holds for this node (a Transpose that moves only unit axes is a
  // view).
  bool (*alias_holds)(const NodeView&) = nullptr;
  // Output element i depends on element i of the inputs with the output's shape, and on no other
  // element of them: the node may overwrite a storage that it also reads through another input.
  bool elementwise = false;
  // Inputs whose values decide shapes or are read when the kernel is bound. They must be constant
  // when planning; the kernel gets no pointer for them.
  InputSet value_inputs = 0;
  // Inputs of which only the shape matters (Shape, Size). Their bytes are never read.
  InputSet shape_inputs = 0;
  // The same inputs always give the same outputs, so that it may be computed while building.
  bool foldable = true;
  // What kernels of this node take with rows apart; nullptr: every tensor is dense.
  PitchedSlots (*pitched)(const NodeView&) = nullptr;
  // Bytes without which no kernel can run, in device-neutral terms; nullptr means none.
  std::size_t (*require)(const NodeView&) = nullptr;
};

// The operator of (domain, type), or nullptr.
const OpDef* find(std::string_view domain, std::string_view type);
// Every operator there is, family by family.
std::vector<const OpDef*> all_operators();
inline const OpDef* find(const graph::Node& node) { return find(node.domain, node.op); }

}  // namespace mini_infer::ops
