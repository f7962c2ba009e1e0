#pragma once

namespace mini_infer::cli {

// From now on SIGINT and SIGTERM remove what the calling thread has begun to write, and then end
// the process as they do without a handler. A signal that the process ignores stays ignored.
void remove_partial_files_on_signals();

}  // namespace mini_infer::cli
