#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::cli {

using NamedOutput = std::pair<std::string, core::Tensor>;

// Writes each tensor to its own .npy file in `folder`, which is made if it is not there. A file has
// the output's name with "_" for what may mean something in a path, and a number where two would
// be the same. Returns the paths.
core::Result<std::vector<std::filesystem::path>> write_outputs(
    const std::filesystem::path& folder, const std::vector<NamedOutput>& outputs);

}  // namespace mini_infer::cli
