#pragma once

#include <map>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::cli {

// Tensors for graph inputs, by name.
using Tensors = std::map<std::string, core::Tensor>;

// Reads "name=file" (.npy, .pb, or the array of that name, or the only one, of a .npz) and
// "file.npz" (all arrays by their names). `names` are the model's inputs: one of them is found
// whole, whatever it holds, another name ends at the first equal sign; where there is one input,
// its name may be left out. ERROR_IO for a file that cannot be read.
[[nodiscard]] core::Result<Tensors> read_inputs(const std::vector<std::string>& texts,
                                                const std::vector<std::string>& names);

// Reads "name:file,name:file", the files of nothing but the elements of the input of that name, in
// this machine's order of bytes, as TensorRT's tools have them. The shapes of these inputs are
// known. ERROR_IO for a file that cannot be read; ERROR_INVALID_ARGUMENT for one of another size.
[[nodiscard]] core::Status load_inputs(const std::vector<std::string>& texts,
                                       const graph::Graph& graph, Tensors& tensors);

// A file's whole text. ERROR_IO for one that cannot be read; `expected` says what it should be.
[[nodiscard]] core::Result<std::string> read_text(const std::string& path,
                                                  const std::string& expected);

}  // namespace mini_infer::cli
