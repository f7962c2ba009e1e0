#include "ops/op_def.h"
#include "ops/shapes.h"

// mini_infer.Copy: bytes of its own for a graph output that has none (a constant, a graph input, an
// output listed twice). Never a view, never folded.
namespace mini_infer::ops {
namespace {

constexpr OpDef kTable[] = {{.type = "Copy",
                             .domain = graph::kInternalDomain,
                             .infer = infer_same_as_first,
                             .foldable = false}};

}  // namespace

extern constinit const std::span<const OpDef> kCopyOps = kTable;

}  // namespace mini_infer::ops
