#include "cuda/current_context.h"

#include <cuda_runtime_api.h>

#include "core/try.h"
#include "cuda/check.h"

namespace mini_infer::cuda {
namespace {

// Functions of the driver, which this library is not linked with.
struct Driver {
  int (*get_current)(void** context) = nullptr;
  int (*set_current)(void* context) = nullptr;
  core::Status found;

  Driver() : found(find("cuCtxGetCurrent", get_current)) {
    if (found.ok()) found = find("cuCtxSetCurrent", set_current);
  }

 private:
  template <typename Function>
  static core::Status find(const char* name, Function& function) {
    constexpr unsigned kSinceVersion = 4000;
    void* address = nullptr;
    MI_TRY(check(
        cudaGetDriverEntryPointByVersion(name, &address, kSinceVersion, cudaEnableDefault, nullptr),
        name));
    if (address == nullptr) {
      return {core::Status::ERROR_UNSUPPORTED, std::string("the CUDA driver has no ") + name};
    }
    function = reinterpret_cast<Function>(address);
    return core::Status::SUCCESS;
  }
};

const Driver& driver() {
  static const Driver driver;
  return driver;
}

}  // namespace

core::Result<void*> current_context() {
  MI_TRY(driver().found);
  void* context = nullptr;
  if (const int error = driver().get_current(&context); error != 0) {
    return core::Status(core::Status::ERROR_RUNTIME,
                        "cuCtxGetCurrent: error " + std::to_string(error));
  }
  return context;
}

void set_current_context(void* context) { driver().set_current(context); }

}  // namespace mini_infer::cuda
