#include "cli/exit_code.h"

namespace mini_infer::cli {

using core::Status;

ExitCode exit_code(const Status& status) {
  switch (status.code()) {
    case Status::SUCCESS:
      return ExitCode::kOk;
    case Status::ERROR_INVALID_ARGUMENT:
    case Status::ERROR_RUNTIME:  // the inputs that were given break an operator's contract
    case Status::ERROR_IO:
      return ExitCode::kUsage;
    case Status::ERROR_INVALID_MODEL:
      return ExitCode::kInvalidModel;
    case Status::ERROR_UNSUPPORTED:
      return ExitCode::kUnsupported;
    case Status::ERROR_OVER_BUDGET:
      return ExitCode::kOverBudget;
    case Status::ERROR_OUT_OF_MEMORY:
      return ExitCode::kDevice;
    case Status::ERROR_BUSY:
    case Status::ERROR_INTERNAL:
      return ExitCode::kInternal;
  }
  return ExitCode::kInternal;
}

}  // namespace mini_infer::cli
