#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "importers/mapped_file.h"
#include "importers/onnx/messages.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// The bytes of what a model calls `location`: a whole file, or what stands for one.
using ExternalReader = std::function<core::Result<Region>(std::string_view location)>;

// The bytes of tensors that a model keeps elsewhere. Each location is read once. One thread at a
// time.
class ExternalData {
 public:
  explicit ExternalData(ExternalReader read) : read_(std::move(read)) {}

  // The `size` bytes that the entries of a tensor name. Keys: location, offset, length, checksum;
  // others are ignored. The checksum is not verified: that would read every byte at import.
  [[nodiscard]] core::Result<Region> find(const std::vector<TensorMessage::Entry>& entries,
                                          std::size_t size);

 private:
  core::Result<Region> whole(std::string_view location);

  ExternalReader read_;
  std::map<std::string, Region, std::less<>> read_already_;
};

}  // namespace mini_infer::importers
