#pragma once

#include "importers/onnx/messages.h"
#include "importers/onnx/tensor_data.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::importers {

inline bool is_constant_node(const NodeMessage& node) {
  return node.op_type == "Constant" && node.domain.empty();
}

// What a Constant node makes. ERROR_UNSUPPORTED for strings.
[[nodiscard]] core::Result<core::Tensor> constant_of(const NodeMessage& node,
                                                     const TensorSource& source);

}  // namespace mini_infer::importers
