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

// Takes every line that passes the level, in place of stderr; an empty function gives stderr back.
// Called under a lock, one line at a time, from the thread that logs.
using LogCallback = std::function<void(LogLevel, std::string_view)>;
MINI_INFER_API void set_log_callback(LogCallback callback);

// Writes one line. Use the macros: they build the line only when it is wanted.
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
