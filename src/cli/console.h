#pragma once

#include <string>
#include <string_view>

#include "cli/exit_code.h"
#include "report/json.h"

namespace mini_infer::cli {

// To stdout. What goes wrong there is kept for finish_output().
void print(std::string_view text);
void write_json(const report::Json& json);

// Writes what is still buffered. ERROR_IO if that, or anything before it, could not be written.
[[nodiscard]] core::Status finish_output();

// One line on stderr.
void note(std::string_view text);

// One line on stderr, and with `json` an object of schema "mini-infer.error" on stdout.
ExitCode report_error(const core::Status& status, bool json);

// The library's log lines go to stderr in the tool's own form. Errors only when verbose: they come
// back as a Status, which report_error prints.
void set_up_logging(int verbosity);

// A line on stderr that says what takes so long, if stderr is a terminal; wiped at the end.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view text);
  void clear();

 private:
  bool on_terminal_;
  bool shown_ = false;
};

// "%.6g".
std::string number_text(double value);
// "1.25 ms".
std::string milliseconds_text(double milliseconds);
// `title` padded to a column, `text`, newline.
std::string row(std::string_view title, std::string_view text);

}  // namespace mini_infer::cli
