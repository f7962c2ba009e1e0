#pragma once

#include "mini_infer/runtime/memory_plan.h"
#include "report/json.h"

namespace mini_infer::report {

// A proof as JSON says it: "none", "by_bound", "by_search".
MINI_INFER_API const char* proof_name(runtime::Proof proof);

// What plan_to_json writes, for tools that add to it.
MINI_INFER_API Json plan_json(const runtime::MemoryPlan& plan);

}  // namespace mini_infer::report
