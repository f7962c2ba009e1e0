#include "mini_infer/core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>

namespace mini_infer::core {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kWarning};
std::mutex g_mutex;

LogCallback& callback() {
  static LogCallback instance;
  return instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

// Not registered with spdlog: a host program may use spdlog too, under any name.
spdlog::logger& stderr_logger() {
  static spdlog::logger logger = [] {
    spdlog::logger made("mini_infer", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made.set_level(spdlog::level::trace);
    made.set_pattern("%^%L%$ %v");
    return made;
  }();
  return logger;
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }
LogLevel log_level() { return g_level; }

void set_log_callback(LogCallback replacement) {
  std::lock_guard lock(g_mutex);
  callback() = std::move(replacement);
}

void log(LogLevel level, std::string_view line) {
  if (level < log_level()) return;
  std::lock_guard lock(g_mutex);
  if (callback()) {
    callback()(level, line);
  } else {
    stderr_logger().log(to_spdlog(level), line);
  }
}

}  // namespace mini_infer::core
