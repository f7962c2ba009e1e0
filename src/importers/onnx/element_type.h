#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mini_infer/core/types.h"

namespace mini_infer::importers {

// The element type of a TensorProto.DataType number; nullopt for 0 and numbers we do not know.
std::optional<core::DataType> element_type(std::int64_t number);

// The name that the standard gives it: "float" for float32, "double" for float64.
std::string element_type_name(std::int64_t number);

}  // namespace mini_infer::importers
