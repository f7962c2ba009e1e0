#include <string_view>

#include "cuda/emulator/cuda_runtime.h"
#include "cuda/emulator/streams.h"
#include "mini_infer/core/export.h"

// For tests that open the emulated backend as a library.
namespace {

using namespace mini_infer::cuda;

std::string& text() {
  static std::string text;
  return text;
}

struct Function {
  std::string_view name;
  void* address;
};
#define MI_FUNCTION(name) \
  { #name, reinterpret_cast < void*>(&name) }
const Function kFunctions[] = {MI_FUNCTION(cudaGetDevice),
                               MI_FUNCTION(cudaSetDevice),
                               MI_FUNCTION(cudaMalloc),
                               MI_FUNCTION(cudaFree),
                               MI_FUNCTION(cudaMallocHost),
                               MI_FUNCTION(cudaFreeHost),
                               MI_FUNCTION(cudaMemcpyAsync),
                               MI_FUNCTION(cudaMemsetAsync),
                               MI_FUNCTION(cudaStreamDestroy),
                               MI_FUNCTION(cudaStreamCreateWithFlags),
                               MI_FUNCTION(cudaStreamSynchronize),
                               MI_FUNCTION(cudaLaunchHostFunc)};
#undef MI_FUNCTION

}  // namespace

// A function of the emulated runtime by its name; null where tests need it not.
extern "C" MINI_INFER_API void* mini_infer_emulator_function(const char* name) {
  for (const Function& function : kFunctions) {
    if (function.name == name) return function.address;
  }
  return nullptr;
}

extern "C" MINI_INFER_API bool mini_infer_emulator_lazy() { return emulator::lazy_streams(); }

extern "C" MINI_INFER_API void mini_infer_emulator_set_code(int device, bool there) {
  emulator::set_code(device, there);
}

// What was asked of the runtime, a line a call: its bytes, address and name.
extern "C" MINI_INFER_API void mini_infer_emulator_start_log() { emulator::start_log(); }

extern "C" MINI_INFER_API const char* mini_infer_emulator_take_log() {
  text().clear();
  for (const emulator::Call& call : emulator::take_log()) {
    text() += std::to_string(call.bytes) + " " +
              std::to_string(reinterpret_cast<std::uintptr_t>(call.memory)) + " " + call.name +
              "\n";
  }
  return text().c_str();
}
