#pragma once

#include "mini_infer/core/status.h"

namespace mini_infer::cli {

// What the process ends with. The numbers are part of the interface (src/report/README.md).
enum class ExitCode {
  kOk = 0,
  kUsage = 1,
  kInvalidModel = 2,
  kUnsupported = 3,
  kOverBudget = 4,
  kAccuracy = 5,
  kRegression = 6,
  kDevice = 7,
  kInternal = 8,
  kOtherMemory = 9,  // an engine took other bytes than its plan says
};

ExitCode exit_code(const core::Status& status);

}  // namespace mini_infer::cli
