#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "cuda/backend.h"
#include "cuda/tuning_cache.h"

// Kernels of NVIDIA's libraries, which a node gets before ours where they serve it.
namespace mini_infer::cuda {

struct LibraryOptions {
  bool tf32 = false;
  // Time the ways to compute a node; so the bits of a result may be others in another process.
  // Null: take the libraries' first guess.
  std::shared_ptr<TuningCache> tuning = nullptr;
  // Of a device that is not here (ops::CudaRequest): a library then says what it would take there,
  // or that this is chosen on the device.
  std::optional<std::string> device_properties = std::nullopt;
};

// Of the calling thread's device, unless there are properties of another.
core::Result<std::shared_ptr<const KernelSource>> open_products(const LibraryOptions& options);
core::Result<std::shared_ptr<const KernelSource>> open_convolutions(const LibraryOptions& options);

// The libraries' versions, on which choices depend; of opened libraries.
std::string products_version();
std::string convolutions_version();

// Of a kernel that was bound for a device that is not here.
[[nodiscard]] inline core::Status not_here() {
  return {core::Status::ERROR_UNSUPPORTED, "this kernel was planned for a device that is not here"};
}

// What has been chosen: nodes that are the same, with as much room, get the same.
template <typename Choice>
class Choices {
 public:
  template <typename Make>
  Choice of(const std::string& what, std::size_t workspace_bytes, Make make) const {
    const std::lock_guard lock(mutex_);
    const auto [at, fresh] = choices_.try_emplace({what, workspace_bytes});
    if (fresh) at->second = make();
    return at->second;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, std::size_t>, Choice> choices_;
};

}  // namespace mini_infer::cuda
