#pragma once

#include "importers/onnx/messages.h"
#include "importers/onnx/tensor_data.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::importers {

// The dense tensor that a sparse one stands for. ERROR_INVALID_MODEL when the parts disagree, or
// indices are outside or not in ascending order; ERROR_UNSUPPORTED for elements of less than a
// byte; both name the tensor.
[[nodiscard]] core::Result<core::Tensor> make_dense(const SparseTensorMessage& message,
                                                    const TensorSource& source);

}  // namespace mini_infer::importers
