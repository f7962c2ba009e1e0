#pragma once

#include "mini_infer/runtime/memory_plan.h"
#include "report/json.h"

namespace mini_infer::report {

// What plan_to_json writes, for tools that add to it.
MINI_INFER_API Json plan_json(const runtime::MemoryPlan& plan);

}  // namespace mini_infer::report
