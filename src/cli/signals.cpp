#include "cli/signals.h"

#include <pthread.h>

#include <cerrno>
#include <csignal>

#include "importers/write_file.h"

namespace mini_infer::cli {
namespace {

pthread_t writer;

// Everything here may be called in a signal handler (signal-safety(7)). The signal is blocked while
// it is handled, so that raise() ends the process when the handler returns.
void clean_up_and_die(int signal) {
  const int before = errno;
  if (pthread_equal(pthread_self(), writer) == 0) {
    pthread_kill(writer, signal);
    errno = before;
    return;
  }
  importers::remove_partial_files();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  errno = before;
}

}  // namespace

void remove_partial_files_on_signals() {
  writer = pthread_self();
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = clean_up_and_die;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace mini_infer::cli
