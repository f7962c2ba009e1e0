#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "importers/mapped_file.h"
#include "importers/onnx/messages.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// The files beside a model that hold its weights. Each is mapped once. One thread at a time.
class ExternalData {
 public:
  explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The `size` bytes that the entries of a tensor name. Keys: location, offset, length, checksum;
  // others are ignored. The checksum is not verified: that would read every byte at import.
  core::Result<Region> find(const std::vector<TensorMessage::Entry>& entries, std::size_t size);

 private:
  core::Result<std::shared_ptr<const MappedFile>> map(std::string_view location);

  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<const MappedFile>, std::less<>> files_;
};

}  // namespace mini_infer::importers
