#pragma once

#include <string>

#include "importers/mapped_file.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::importers {

// The array of a .npy file held in memory: a view when it is in C order, a copy when it is in
// Fortran order. ERROR_INVALID_ARGUMENT or ERROR_UNSUPPORTED, as in tensor_file.h.
core::Result<core::Tensor> parse_npy(const Region& file);

// What stands before the bytes of `tensor` in a .npy file of version 1.
core::Result<std::string> npy_header(const core::Tensor& tensor);

}  // namespace mini_infer::importers
