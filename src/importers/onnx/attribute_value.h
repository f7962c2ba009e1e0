#pragma once

#include <functional>
#include <memory>

#include "importers/onnx/messages.h"
#include "importers/onnx/tensor_data.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::importers {

using SubgraphImport =
    std::function<core::Result<std::shared_ptr<const graph::Graph>>(const GraphMessage&)>;

// The attribute as the graph keeps it. ERROR_INVALID_MODEL when the value is not of the stated
// type, ERROR_UNSUPPORTED for sparse tensors, types and references to function attributes.
core::Result<graph::Attribute> attribute_value(const AttributeMessage& message,
                                               const TensorSource& source,
                                               const SubgraphImport& import_subgraph);

}  // namespace mini_infer::importers
