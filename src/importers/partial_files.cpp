#include "importers/partial_files.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "importers/write_file.h"

namespace mini_infer::importers {
namespace {

// A signal handler may read nothing that takes a lock: hence an array, of more places than files
// are written at once. One for which there is no place is written all the same.
using Names = std::array<std::atomic<const char*>, 64>;
static_assert(std::atomic<const char*>::is_always_lock_free);

Names& partial_names() {
  static constinit Names names = {};
  return names;
}

}  // namespace

PartialFile::PartialFile(std::string name) : name_(std::move(name)) {
  for (std::atomic<const char*>& place : partial_names()) {
    const char* empty = nullptr;
    if (place.compare_exchange_strong(empty, name_.c_str())) return;
  }
}

PartialFile::~PartialFile() {
  if (!there_) return;
  ::unlink(name_.c_str());
  forget();
}

bool PartialFile::rename_to(const std::string& target) {
  if (std::rename(name_.c_str(), target.c_str()) != 0) return false;
  forget();
  return true;
}

void PartialFile::forget() {
  there_ = false;
  for (std::atomic<const char*>& place : partial_names()) {
    const char* own = name_.c_str();
    if (place.compare_exchange_strong(own, nullptr)) return;
  }
}

void remove_partial_files() {
  const int before = errno;
  for (const std::atomic<const char*>& place : partial_names()) {
    if (const char* name = place.load()) ::unlink(name);
  }
  errno = before;
}

}  // namespace mini_infer::importers
