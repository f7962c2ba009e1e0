#pragma once

#include <string>

namespace mini_infer::importers {

// A file that is removed at the end of this object's life, or by remove_partial_files(), unless it
// was renamed before.
class PartialFile {
 public:
  explicit PartialFile(std::string name);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& name() const { return name_; }
  // False, with errno set, if it was not possible; then it is still there.
  bool rename_to(const std::string& target);

 private:
  void forget();
  std::string name_;
  bool there_ = true;
};

}  // namespace mini_infer::importers
