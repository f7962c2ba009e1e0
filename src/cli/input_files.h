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
// "file.npz" (all arrays by their names). ERROR_IO for a file that cannot be read.
[[nodiscard]] core::Result<Tensors> read_inputs(const std::vector<std::string>& texts);

// A file's whole text. ERROR_IO for one that cannot be read; `expected` says what it should be.
[[nodiscard]] core::Result<std::string> read_text(const std::string& path,
                                                  const std::string& expected);

}  // namespace mini_infer::cli
