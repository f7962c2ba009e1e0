#include "runtime/cuda_library.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "core/process.h"
#include "core/try.h"
#include "ops/interface_hash.h"

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

// Two libraries of different sources could take each other's objects for something else.
Status check_interface(const std::string& path, std::string_view theirs) {
  if (theirs == ops::kInterfaceHash) return Status::SUCCESS;
  return {Status::ERROR_UNSUPPORTED, "'" + path + "' is of another build: its interface is " +
                                         std::string(theirs) + ", that of libmini_infer.so is " +
                                         ops::kInterfaceHash +
                                         "; install both libraries of one build"};
}

core::Result<void*> find_entry() {
  const std::string path = library_path();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return {Status::ERROR_UNSUPPORTED, std::string("no CUDA backend: ") + dlerror() +
                                           "; install it beside libmini_infer.so or name it in " +
                                           kVariable};
  }
  void* interface = dlsym(library, ops::kCudaInterface);
  void* entry = dlsym(library, ops::kCudaEntry);
  if (interface == nullptr || entry == nullptr) {
    return {Status::ERROR_UNSUPPORTED,
            "'" + path + "' is no CUDA backend of this version: it has no function " +
                (entry == nullptr ? ops::kCudaEntry : ops::kCudaInterface)};
  }
  MI_TRY(check_interface(path, reinterpret_cast<ops::CudaInterface>(interface)()));
  return entry;
}

// A process that a device was opened in cannot hand the use of devices on to its children.
Status check_first_process() {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static std::atomic<std::uint32_t> first{kNone};
  std::uint32_t opened = kNone;
  const std::uint32_t own = core::process_number();
  if (first.compare_exchange_strong(opened, own) || opened == own) return Status::SUCCESS;
  return {Status::ERROR_UNSUPPORTED,
          "the process that this one was forked from had opened a CUDA device; fork before that"};
}

core::Result<ops::CudaAnswer> ask(const ops::CudaRequest& request) {
  MI_ASSIGN(void* const entry, find_entry());
  const bool needs_device = request.device_properties == nullptr &&
                            request.want != ops::CudaRequest::Want::kBackendWithoutDevice;
  if (needs_device) MI_TRY(check_first_process());
  ops::CudaAnswer answer;
  reinterpret_cast<ops::CudaEntry>(entry)(request, answer);
  if (!answer.status.ok()) return answer.status;
  return answer;
}

}  // namespace

core::Result<std::unique_ptr<ops::Backend>> open_cuda_backend(const ops::CudaRequest& request) {
  MI_ASSIGN(ops::CudaAnswer answer, ask(request));
  return std::move(answer.backend);
}

core::Result<std::string> cuda_device_properties(int index) {
  MI_ASSIGN(ops::CudaAnswer answer, ask({.device = index,
                                         .libraries = false,
                                         .tf32 = false,
                                         .tune = false,
                                         .want = ops::CudaRequest::Want::kProperties}));
  return std::move(answer.properties);
}

}  // namespace mini_infer::runtime
