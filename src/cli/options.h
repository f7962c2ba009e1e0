#pragma once

#include <functional>
#include <variant>

#include "cli/commands.h"

namespace mini_infer::cli {

// A command line understood.
struct Invocation {
  int verbosity = 0;  // how often -v was given
  std::function<core::Result<ExitCode>()> execute;
};

// What to do, or the code to end with at once because help or version was asked for and printed.
// ERROR_INVALID_ARGUMENT says what is wrong with the line and where the help is.
core::Result<std::variant<Invocation, ExitCode>> parse_command_line(int argc, char** argv);

}  // namespace mini_infer::cli
