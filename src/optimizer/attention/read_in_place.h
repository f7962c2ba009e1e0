#pragma once

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// Lets an Attention of ai.onnx read and write its heads where views before and after it have them.
void read_in_place(Rewriter& rewriter, graph::NodeId attention);

}  // namespace mini_infer::optimizer
