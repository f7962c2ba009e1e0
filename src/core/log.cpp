#include "mini_infer/core/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

namespace mini_infer::core {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kWarning};

// Never destroyed: objects that end after main() may still log.
struct Sink {
  std::mutex mutex;  // held while a line is written, so also while the callback runs
  std::shared_ptr<const LogCallback> callback;
};

Sink& sink() {
  static auto* const instance = new Sink;
  return *instance;
}

// Whether this thread is inside the callback, and so holds the mutex.
thread_local bool t_in_callback = false;

struct Style {
  char letter;
  const char* colour;
};

Style style_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return {'D', "\033[36m"};
    case LogLevel::kInfo:
      return {'I', "\033[32m"};
    case LogLevel::kWarning:
      return {'W', "\033[33m\033[1m"};
    case LogLevel::kError:
    case LogLevel::kOff:
      break;
  }
  return {'E', "\033[31m\033[1m"};
}

bool has_colours() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

// "W line", in one write, so that lines of several processes stay whole.
void write_to_stderr(LogLevel level, std::string_view line) {
  static const bool colours = has_colours();
  const Style style = style_of(level);
  std::string text(1, style.letter);
  if (colours) text = style.colour + text + "\033[m";
  text.append(1, ' ').append(line).append(1, '\n');
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// Calls the callback; false if it threw. The mutex is held.
bool call(const LogCallback& callback, LogLevel level, std::string_view line) {
  t_in_callback = true;
  bool returned = true;
  try {
    callback(level, line);
  } catch (...) {
    returned = false;
  }
  t_in_callback = false;
  return returned;
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }
LogLevel log_level() { return g_level; }

void set_log_callback(LogCallback callback) {
  auto replacement = callback ? std::make_shared<const LogCallback>(std::move(callback)) : nullptr;
  // The former callback ends after the lock, for what it owns may log as it is destroyed.
  std::unique_lock lock(sink().mutex, std::defer_lock);
  if (!t_in_callback) lock.lock();
  sink().callback.swap(replacement);
}

void log(LogLevel level, std::string_view line) {
  if (level < log_level() || level == LogLevel::kOff) return;
  if (t_in_callback) return write_to_stderr(level, line);
  // Keeps a callback that replaces itself until its call has ended; released after the lock.
  std::shared_ptr<const LogCallback> callback;
  std::lock_guard lock(sink().mutex);
  callback = sink().callback;
  if (callback == nullptr || !call(*callback, level, line)) write_to_stderr(level, line);
}

}  // namespace mini_infer::core
