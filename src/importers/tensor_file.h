#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

// Tensors in files of their own: .pb (ONNX TensorProto), .npy (versions 1 to 3) and .npz. ERROR_IO:
// cannot be read or written. ERROR_INVALID_ARGUMENT: the file breaks its format. ERROR_UNSUPPORTED:
// a type or packing that we do not have. Every message names the file.
namespace mini_infer::importers {

using NamedTensor = std::pair<std::string, core::Tensor>;

// Reads a .pb or .npy file into memory; what happens to the file later changes nothing. A
// .pb does not say whether it holds a tensor, a sequence or an optional: only a tensor is read, and
// what certainly is none is refused.
MINI_INFER_API core::Result<core::Tensor> read_tensor(const std::filesystem::path& path);

// Reads all arrays of a .npz file in its order, named without ".npy".
MINI_INFER_API core::Result<std::vector<NamedTensor>> read_npz(const std::filesystem::path& path);

// Writes a .npy file, whole or not at all. ERROR_UNSUPPORTED for types that numpy lacks (bfloat16,
// 8-bit floats, sub-byte types).
[[nodiscard]] MINI_INFER_API core::Status write_npy(const std::filesystem::path& path,
                                                    const core::Tensor& tensor);

}  // namespace mini_infer::importers
