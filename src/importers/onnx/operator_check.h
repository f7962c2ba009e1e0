#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "importers/onnx/messages.h"
#include "mini_infer/core/status.h"
#include "ops/op_def.h"

namespace mini_infer::importers {

using OpsetVersions = std::map<std::string, int, std::less<>>;

// The operator of (domain, type), or nullptr; ops::find outside tests.
using OperatorLookup =
    std::function<const ops::OpDef*(std::string_view domain, std::string_view type)>;

// "Conv_12" for a node without a name.
std::string node_name(const NodeMessage& node, std::size_t index);

// Looks at the operators of all nodes, subgraphs included. ERROR_INVALID_MODEL for a node without
// operator, of a domain that is not imported or of the optimiser's own; ERROR_UNSUPPORTED lists
// every operator we lack, and every call of a model-local function, with counts.
[[nodiscard]] core::Status check_operators(const ModelMessage& model, const OpsetVersions& opsets,
                                           const OperatorLookup& find);

}  // namespace mini_infer::importers
