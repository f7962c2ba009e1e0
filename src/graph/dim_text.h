#pragma once

#include <string>
#include <vector>

#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {

// "[batch,3,?,224]": extents as a model states them, with the names of open ones.
std::string dim_text(const std::vector<Dim>& dims);

}  // namespace mini_infer::graph
