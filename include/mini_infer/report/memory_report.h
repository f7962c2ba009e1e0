#pragma once

#include <string>

#include "mini_infer/core/export.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::report {

// The plan as JSON, schema "mini-infer.plan" version 1 (described in src/report/README.md).
MINI_INFER_API std::string plan_to_json(const runtime::MemoryPlan& plan);

// The plan as a few lines for people: sizes, bound, proof or gap, saving, peak step with the
// tensors alive there, hash.
MINI_INFER_API std::string plan_to_text(const runtime::MemoryPlan& plan);

// A line for each step: what is alive, the hole, and, of an engine's plan, its kernel with the
// bytes of the hole that it takes and that its fastest way would take.
MINI_INFER_API std::string steps_to_text(const runtime::MemoryPlan& plan);

// "12.3 KB", "4.56 MB": powers of 1024, as memory is sold.
MINI_INFER_API std::string human_bytes(std::size_t bytes);

}  // namespace mini_infer::report
