#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "mini_infer/core/export.h"

namespace mini_infer::core {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// Lines below this level are dropped. Default: kWarning. Thread-safe.
MINI_INFER_API void set_log_level(LogLevel level);
MINI_INFER_API LogLevel log_level();

// Takes every line that passes the level, in place of stderr. The text is valid during the call
// only.
using LogCallback = std::function<void(LogLevel, std::string_view)>;

// Replaces the callback; an empty function gives stderr back. Thread-safe.
//
//   std::string lines;
//   set_log_callback([&](LogLevel, std::string_view line) { lines.append(line) += '\n'; });
//
// The library owns the callback and keeps it until it is replaced. The callback is called in the
// thread that logs, one line at a time in the whole process, so it needs no lock of its own. It
// must not wait for another thread that logs or that replaces the callback.
//
// The callback may log and may replace itself. A line that it logs goes to stderr. A replacement
// that it sets gets the lines after the current one. Elsewhere, set_log_callback() waits until the
// call in progress has ended: after it returns, the former callback is never called again.
//
// An exception that the callback throws ends there, and the line goes to stderr.
MINI_INFER_API void set_log_callback(LogCallback callback);

// Writes one line. Use the macros: they build the line only when it is wanted. Thread-safe.
MINI_INFER_API void log(LogLevel level, std::string_view line);

}  // namespace mini_infer::core

#define MI_LOG(level, line)                                                                   \
  do {                                                                                        \
    if (::mini_infer::core::log_level() <= (level)) ::mini_infer::core::log((level), (line)); \
  } while (false)
#define MI_LOG_DEBUG(line) MI_LOG(::mini_infer::core::LogLevel::kDebug, line)
#define MI_LOG_INFO(line) MI_LOG(::mini_infer::core::LogLevel::kInfo, line)
#define MI_LOG_WARNING(line) MI_LOG(::mini_infer::core::LogLevel::kWarning, line)
#define MI_LOG_ERROR(line) MI_LOG(::mini_infer::core::LogLevel::kError, line)
