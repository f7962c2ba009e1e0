#include "runtime/cuda_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "core/try.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

constexpr const char* kVariable = "MINI_INFER_CUDA_LIBRARY";
constexpr const char* kName = "libmini_infer_cuda.so";

// The library that this function is in.
std::filesystem::path own_folder() {
  Dl_info facts{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &facts) == 0) return {};
  return std::filesystem::path(facts.dli_fname).parent_path();
}

std::string library_path() {
  if (const char* named = std::getenv(kVariable); named != nullptr && *named != '\0') return named;
  const std::filesystem::path beside = own_folder() / kName;
  std::error_code ignored;
  return std::filesystem::exists(beside, ignored) ? beside.string() : kName;
}

core::Result<void*> find_entry() {
  const std::string path = library_path();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return {Status::ERROR_UNSUPPORTED, std::string("no CUDA backend: ") + dlerror() +
                                           "; install it beside libmini_infer.so or name it in " +
                                           kVariable};
  }
  void* entry = dlsym(library, ops::kCudaEntry);
  if (entry == nullptr) {
    return {Status::ERROR_UNSUPPORTED,
            "'" + path + "' is no CUDA backend: it has no function " + ops::kCudaEntry};
  }
  return entry;
}

}  // namespace

core::Result<std::unique_ptr<ops::Backend>> open_cuda_backend(const ops::CudaRequest& request) {
  MI_ASSIGN(void* const entry, find_entry());
  ops::CudaAnswer answer;
  reinterpret_cast<ops::CudaEntry>(entry)(request, answer);
  if (!answer.status.ok()) return answer.status;
  return std::move(answer.backend);
}

}  // namespace mini_infer::runtime
