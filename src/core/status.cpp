#include "mini_infer/core/status.h"

#include <cstdio>
#include <exception>

namespace mini_infer::core {

const char* code_name(Status::Code code) {
  switch (code) {
    case Status::SUCCESS:
      return "success";
    case Status::ERROR_INVALID_ARGUMENT:
      return "invalid argument";
    case Status::ERROR_INVALID_MODEL:
      return "invalid model";
    case Status::ERROR_UNSUPPORTED:
      return "unsupported";
    case Status::ERROR_OUT_OF_MEMORY:
      return "out of memory";
    case Status::ERROR_IO:
      return "input/output error";
    case Status::ERROR_BUSY:
      return "busy";
    case Status::ERROR_RUNTIME:
      return "runtime error";
    case Status::ERROR_INTERNAL:
      return "internal error";
    case Status::ERROR_OVER_BUDGET:
      return "over budget";
  }
  return "unknown status";
}

std::string Status::to_string() const {
  return message_.empty() ? code_name(code_) : std::string(code_name(code_)) + ": " + message_;
}

Status Status::with_context(const std::string& where) const {
  return ok() ? *this : Status(code_, where + ": " + message_);
}

void terminate_without_value(const Status& status) {
  std::fprintf(stderr, "mini_infer: the value of a failed Result was used: %s\n",
               status.to_string().c_str());
  std::terminate();
}

}  // namespace mini_infer::core
