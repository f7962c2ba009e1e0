#pragma once

#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/model.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::cli {

// The model and those that --then names as one graph, with the tensors that --hand-off names handed
// on. A stage is called by its file's name without the ending, with "_2" if it is the second of
// that name. Shapes and tensors are of "stage/input". ERROR_INVALID_ARGUMENT says which word is
// wrong. The tensors that were given are bound, and become `model`'s; so do the digests of the
// files if they are asked for.
[[nodiscard]] core::Result<std::shared_ptr<graph::Graph>> import_sequence(
    const ModelOptions& options, Model& model);

}  // namespace mini_infer::cli
