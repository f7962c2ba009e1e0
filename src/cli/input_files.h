#pragma once

#include <map>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::cli {

// Tensors for graph inputs, by name.
using Tensors = std::map<std::string, core::Tensor>;

// Reads "name=file" (.npy, .pb, or the array of that name, or the only one, of a .npz) and
// "file.npz" (all arrays by their names). ERROR_INVALID_ARGUMENT for a file that cannot be read: it
// is the caller's, not the model.
core::Result<Tensors> read_inputs(const std::vector<std::string>& texts);

// A file's whole text. ERROR_INVALID_ARGUMENT for one that cannot be read; `expected` says what it
// should be.
core::Result<std::string> read_text(const std::string& path, const std::string& expected);

// What the caller named and cannot be read or written is a wrong argument.
[[nodiscard]] core::Status as_argument(const core::Status& status);

}  // namespace mini_infer::cli
