#pragma once

// Everything: import a model, plan its memory, run it.
#include "mini_infer/core/log.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/importers/onnx.h"
#include "mini_infer/report/certificate.h"
#include "mini_infer/report/memory_report.h"
#include "mini_infer/runtime/devices.h"
#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/execution_context.h"
#include "mini_infer/runtime/memory_plan.h"
#include "mini_infer/runtime/memory_planner.h"
#include "mini_infer/runtime/sequence.h"
#include "mini_infer/runtime/shape_inputs.h"
#include "mini_infer/runtime/shared_arena.h"
