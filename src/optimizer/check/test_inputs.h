#pragma once

#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::optimizer {

// What the floats of a graph's inputs are like.
enum class InputKind {
  kOrdinary,     // in [-1, 1)
  kLarge,        // in [-1000, 1000), so that exponentials overflow
  kNan,          // ordinary, but one in 64 and at least one of each tensor is NaN
  kInfinite,     // likewise infinity
  kNegative,     // likewise -infinity
  kHidden,       // ordinary; masks hide whole rows, with -infinity or the lowest number
  kHiddenZeros,  // likewise, for masks of zeros and ones
};
const char* name_of(InputKind kind);

// The kinds that differ for this graph: those that hide rows only where a Softmax or an attention
// reads a mask that is a graph input.
std::vector<InputKind> input_kinds(const graph::Graph& graph);

// One tensor per input of an inferred graph, the same in every call. An input whose value is bound
// has this value; integers are 0 or 1, or any index that all who read them as one accept.
// ERROR_UNSUPPORTED names an input of a type that no kernel computes with.
[[nodiscard]] core::Result<std::vector<core::Tensor>> test_inputs(const graph::Graph& graph,
                                                                  InputKind kind);

}  // namespace mini_infer::optimizer
