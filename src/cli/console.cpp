#include "cli/console.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "mini_infer/core/log.h"

namespace mini_infer::cli {
namespace {

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

// Of the first write to stdout that failed; 0 if none has.
int output_error = 0;

void write_output(std::string_view text) {
  write(stdout, text);
  if (std::ferror(stdout) != 0 && output_error == 0) output_error = errno;
}

// An error is one line, whatever a model's names hold.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

// The library names its own options; here they have flags.
std::string with_flags(std::string message) {
  constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
      {"cuda.cpu_fallback", "--fallback=cpu"},
      {"graph::bind_input_shape", "--shapes"},
      {"report::certificate_to_json", "mini-infer plan --certificate"}};
  for (const auto& [option, flag] : kFlags) {
    for (std::size_t at = message.find(option); at != std::string::npos;
         at = message.find(option, at + flag.size())) {
      message.replace(at, option.size(), flag);
    }
  }
  return message;
}

const char* level_name(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::kDebug:
      return "debug";
    case core::LogLevel::kInfo:
      return "info";
    case core::LogLevel::kWarning:
      return "warning";
    case core::LogLevel::kError:
    case core::LogLevel::kOff:
      return "error";
  }
  return "error";
}

}  // namespace

void print(std::string_view text) { write_output(text); }
void write_json(const report::Json& json) { write_output(json.dump() + "\n"); }

core::Status finish_output() {
  if (std::fflush(stdout) != 0 && output_error == 0) output_error = errno;
  if (output_error == 0) return core::Status::SUCCESS;
  return {core::Status::ERROR_IO, "the standard output cannot be written: " +
                                      std::generic_category().message(output_error)};
}

void note(std::string_view text) {
  write(stderr, "mini-infer: " + one_line(std::string(text)) + "\n");
}

ExitCode report_error(const core::Status& status, bool json) {
  const ExitCode code = exit_code(status);
  const std::string message = with_flags(status.message());
  write(stderr, "mini-infer: error: " + one_line(message) + "\n");
  if (json) {
    write_json(report::Json::object()
                   .set("schema", "mini-infer.error")
                   .set("version", 1)
                   .set("error", report::Json::object()
                                     .set("code", core::code_name(status.code()))
                                     .set("exit_code", static_cast<int>(code))
                                     .set("message", message)));
  }
  return code;
}

void set_up_logging(int verbosity) {
  core::set_log_level(verbosity == 0   ? core::LogLevel::kWarning
                      : verbosity == 1 ? core::LogLevel::kInfo
                                       : core::LogLevel::kDebug);
  core::set_log_callback([verbosity](core::LogLevel level, std::string_view line) {
    if (level == core::LogLevel::kError && verbosity == 0) return;
    write(stderr, "mini-infer: " + std::string(level_name(level)) + ": " +
                      one_line(std::string(line)) + "\n");
  });
}

Progress::Progress() : on_terminal_(isatty(STDERR_FILENO) != 0) {}
Progress::~Progress() { clear(); }

void Progress::show(std::string_view text) {
  if (!on_terminal_) return;
  constexpr std::size_t kWidth = 78;
  write(stderr, "\r\033[K" + one_line(std::string(text.substr(0, kWidth))));
  shown_ = true;
}

void Progress::clear() {
  if (shown_) write(stderr, "\r\033[K");
  shown_ = false;
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string milliseconds_text(double milliseconds) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f ms", milliseconds < 1 ? 4 : 3, milliseconds);
  return text.data();
}

std::string row(std::string_view title, std::string_view text) {
  constexpr std::size_t kColumn = 13;
  std::string line(title);
  line.resize(std::max(kColumn, title.size() + 1), ' ');
  return line + std::string(text) + "\n";
}

}  // namespace mini_infer::cli
