#include "cuda/emulator/cuda_runtime.h"
#include "mini_infer/core/export.h"

// For tests that open the emulated backend as a library: what was asked of the runtime, a line a
// call: its bytes, address and name.
namespace {

using namespace mini_infer::cuda;

std::string& text() {
  static std::string text;
  return text;
}

}  // namespace

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
