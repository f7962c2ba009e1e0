#pragma once

#include <memory>
#include <string_view>

#include "importers/onnx/external_data.h"
#include "importers/onnx/operator_check.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/importers/onnx.h"

namespace mini_infer::importers {

// The operator sets whose nodes we understand.
inline constexpr int kOldestOpset = 7;
inline constexpr int kNewestOpset = 28;
inline constexpr int kNewestIrVersion = 14;  // of its types the 6-bit floats are refused

// A model in memory.
struct ModelBytes {
  std::string_view bytes;
  std::shared_ptr<const void> owner;  // keeps `bytes` alive; every constant holds it
  ExternalReader external;            // gives the bytes that it keeps elsewhere
};

// import_onnx on a model in memory, with the operators that `find` knows. May throw bad_alloc.
[[nodiscard]] core::Result<std::shared_ptr<graph::Graph>> import_model(const ModelBytes& model,
                                                                       const OnnxOptions& options,
                                                                       const OperatorLookup& find);

}  // namespace mini_infer::importers
