#pragma once

#include <string>
#include <vector>

#include "mini_infer/runtime/execution_context.h"
#include "report/json.h"

namespace mini_infer::cli {

// A table of steps in order: time per run, share of all, operator, node.
std::string profile_text(const std::vector<runtime::StepTime>& steps, int runs);

// The same as a list of {node, op, milliseconds, share}.
report::Json profile_json(const std::vector<runtime::StepTime>& steps, int runs);

}  // namespace mini_infer::cli
