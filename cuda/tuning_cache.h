#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "mini_infer/core/status.h"

namespace mini_infer::cuda {

// What has been timed: of several ways to do something, which was the fastest. Safe to use from
// several threads.
class TuningCache {
 public:
  TuningCache() = default;
  // Also in a file, so that it is known next time: one line for each choice, added when it is made.
  // `identity` is all that a choice depends on besides its name (sources, versions, the device), in
  // one line; a file of another identity is begun anew, with a warning in the log.
  // ERROR_INVALID_ARGUMENT where the file is something else, or cannot be written.
  static core::Result<std::shared_ptr<TuningCache>> open(const std::string& path,
                                                         const std::string& identity);

  // The choice of this name among `count`, by `time` where it is not known yet.
  int choose(const std::string& name, int count, const std::function<int()>& time);

 private:
  [[nodiscard]] core::Status read(const std::string& path, const std::string& identity);

  std::mutex mutex_;
  std::string path_;  // empty: no file
  std::map<std::string, int> choices_;
};

}  // namespace mini_infer::cuda
