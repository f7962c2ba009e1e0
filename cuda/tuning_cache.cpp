#include "cuda/tuning_cache.h"

#include <cstdlib>
#include <fstream>

#include "core/try.h"
#include "mini_infer/core/log.h"

namespace mini_infer::cuda {
namespace {

using core::Status;

constexpr const char* kTitle = "mini-infer tuning 1: ";

Status refuse(const std::string& path, const std::string& why) {
  return {Status::ERROR_INVALID_ARGUMENT, "tuning file " + path + ": " + why};
}

// A choice is known by its name and by how many there were to choose from.
std::string key_of(const std::string& name, int count) {
  return std::to_string(count) + " " + name;
}

}  // namespace

core::Result<std::shared_ptr<TuningCache>> TuningCache::open(const std::string& path,
                                                             const std::string& identity) {
  auto cache = std::make_shared<TuningCache>();
  MI_TRY(cache->read(path, identity));
  cache->path_ = path;
  return cache;
}

Status TuningCache::read(const std::string& path, const std::string& identity) {
  const std::string title = kTitle + identity;
  std::ifstream file(path);
  std::string line;
  if (file && std::getline(file, line)) {
    if (!line.starts_with(kTitle)) return refuse(path, "it is another kind of file, left as it is");
    if (line == title) {
      // "INDEX COUNT NAME"; a line cut short is a choice to be made again.
      while (std::getline(file, line) && !file.eof()) {
        const std::size_t space = line.find(' ');
        const int index = std::atoi(line.c_str());
        const std::string key = space == std::string::npos ? "" : line.substr(space + 1);
        if (index >= 0 && index < std::atoi(key.c_str())) choices_[key] = index;
      }
      if (!line.empty()) std::ofstream(path, std::ios::app) << "\n";  // cut short
      return Status::SUCCESS;
    }
    MI_LOG_WARNING("tuning file " + path + ": its choices were made by '" +
                   line.substr(std::string_view(kTitle).size()) + "' and are dropped; those of '" +
                   identity + "' take their place");
  }
  std::ofstream fresh(path, std::ios::trunc);
  fresh << title << "\n";
  fresh.flush();
  return fresh ? Status::SUCCESS : refuse(path, "it cannot be written");
}

int TuningCache::choose(const std::string& name, int count, const std::function<int()>& time) {
  if (count < 2) return 0;
  const std::string key = key_of(name, count);
  const std::lock_guard lock(mutex_);
  const auto known = choices_.find(key);
  if (known != choices_.end()) return known->second;
  const int choice = time();
  choices_[key] = choice;
  if (!path_.empty()) {
    // In one piece, so that lines of several processes do not mix.
    std::ofstream file(path_, std::ios::app);
    file << std::to_string(choice) + " " + key + "\n" << std::flush;
    if (!file) MI_LOG_WARNING("tuning file " + path_ + ": a choice could not be kept");
  }
  return choice;
}

}  // namespace mini_infer::cuda
