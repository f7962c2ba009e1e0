#include <algorithm>
#include <exception>
#include <new>
#include <string_view>

#include "cli/console.h"
#include "cli/options.h"
#include "cli/signals.h"

namespace mini_infer::cli {
namespace {

using core::Status;

// A line that is not understood may still say in which form its error is wanted.
bool asks_for_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](std::string_view word) { return word == "--json"; });
}

core::Result<ExitCode> parse_and_execute(int argc, char** argv) try {
  auto parsed = parse_command_line(argc, argv);
  if (!parsed.ok()) return parsed.status();
  if (const ExitCode* code = std::get_if<ExitCode>(&*parsed)) return *code;
  const Invocation& invocation = std::get<Invocation>(*parsed);
  set_up_logging(invocation.verbosity);
  return invocation.execute();
} catch (const std::bad_alloc&) {
  return Status(Status::ERROR_OUT_OF_MEMORY, "the host has no memory left");
} catch (const std::exception& error) {
  return Status(Status::ERROR_INTERNAL, error.what());
}

}  // namespace

ExitCode run(int argc, char** argv) {
  remove_partial_files_on_signals();
  const bool json = asks_for_json(argc, argv);
  const auto outcome = parse_and_execute(argc, argv);
  const ExitCode code = outcome.ok() ? *outcome : report_error(outcome.status(), json);
  const Status written = finish_output();
  if (written.ok()) return code;
  const ExitCode output_code = report_error(written, false);
  return code == ExitCode::kOk ? output_code : code;
}

}  // namespace mini_infer::cli

int main(int argc, char** argv) { return static_cast<int>(mini_infer::cli::run(argc, argv)); }
