#pragma once

#include <memory>

#include "importers/onnx/external_data.h"
#include "importers/onnx/messages.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::importers {

// Where the bytes behind messages live.
struct TensorSource {
  std::shared_ptr<const void> owner;  // keeps the file alive that the messages view
  ExternalData* external = nullptr;   // nullptr: external data is refused
};

// The tensor that a message describes. Raw, external and unbroken little-endian data stay views,
// whatever their alignment; the rest is decoded into a buffer of its own. ERROR_INVALID_MODEL when
// dims and bytes disagree, ERROR_UNSUPPORTED for strings and segments; both name the tensor.
core::Result<core::Tensor> make_tensor(const TensorMessage& message, const TensorSource& source);

}  // namespace mini_infer::importers
