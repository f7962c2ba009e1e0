#pragma once

#include <map>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"

namespace mini_infer::cli {

// "x:1x3x224x224,y:1x8" as TensorRT's tools spell it: the name ends at the last colon, "y:scalar"
// has no extents. Several texts add up. ERROR_INVALID_ARGUMENT says what is wrong with which part.
core::Result<std::map<std::string, core::Shape>> parse_shapes(
    const std::vector<std::string>& texts);

}  // namespace mini_infer::cli
