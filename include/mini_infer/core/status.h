#pragma once

#include <optional>
#include <string>
#include <utility>

#include "mini_infer/core/export.h"

namespace mini_infer::core {

// What a call has to say about itself. Every fallible function of the library returns a Status or a
// Result; exceptions do not cross the API. The message names the node, its operator, what was
// expected, what was found and what to do. Copyable; safe to read from several threads.
class MINI_INFER_API Status {
 public:
  enum Code {
    SUCCESS = 0,
    ERROR_INVALID_ARGUMENT,  // a caller's mistake: name, type, shape, size, option
    ERROR_INVALID_MODEL,     // the file or graph breaks the standard
    ERROR_UNSUPPORTED,       // legal, but an operator, type or feature we do not have
    ERROR_OUT_OF_MEMORY,     // an allocation failed; nothing is leaked
    ERROR_IO,                // a file could not be read or written
    ERROR_BUSY,              // the object is in use: an output is still held
    ERROR_RUNTIME,           // data met while running breaks the operator's contract
    ERROR_INTERNAL,          // our own mistake: a judge refused a plan, a pass broke a graph
    ERROR_OVER_BUDGET,       // no plan within the memory limit was found
  };

  // Not explicit, so that `status != Status::SUCCESS` and `return Status::SUCCESS` read well.
  Status(Code code = SUCCESS) : code_(code) {}  // NOLINT(google-explicit-constructor)
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == SUCCESS; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // "invalid model: <message>".
  std::string to_string() const;

  // The same status with "<where>: " before the message; success stays success.
  [[nodiscard]] Status with_context(const std::string& where) const;

  friend bool operator==(const Status& status, Code code) { return status.code_ == code; }
  friend bool operator!=(const Status& status, Code code) { return status.code_ != code; }

 private:
  Code code_;
  std::string message_;
};

// "invalid model", "out of memory", ...
MINI_INFER_API const char* code_name(Status::Code code);

// Prints the error to stderr and calls std::terminate(). Result calls it where a value is asked for
// and there is none.
[[noreturn]] MINI_INFER_API void terminate_without_value(const Status& status);

// A value, or the Status that says why there is none:
//
//   auto plan = read_plan(path);
//   if (!plan.ok()) return plan.status();
//   use(*plan);
//
// The Result owns the value. Asking for the value of an error (value(), *, ->) is a mistake of the
// caller: it prints the error to stderr and terminates the program, in every build type. Reading
// one Result from several threads is safe.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)
  Result(Status::Code code, std::string message) : status_(code, std::move(message)) {}

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & {
    expect_value();
    return *value_;
  }
  const T& value() const& {
    expect_value();
    return *value_;
  }
  T&& value() && {
    expect_value();
    return *std::move(value_);
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

 private:
  void expect_value() const {
    if (!value_.has_value()) terminate_without_value(status_);
  }

  std::optional<T> value_;
  Status status_;
};

}  // namespace mini_infer::core
