#include "cuda/runtime.h"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace mini_infer::test {
namespace {

void* open_emulator() {
  static void* const library = dlopen(std::getenv("MINI_INFER_CUDA_LIBRARY"), RTLD_NOW);
  return library;
}

void* open_toolkit() {
  for (const char* name : {"libcudart.so.13", "libcudart.so.12", "libcudart.so"}) {
    if (void* library = dlopen(name, RTLD_NOW)) return library;
  }
  return nullptr;
}

void* find(const char* name) {
  using Find = void* (*)(const char*);
  const auto emulated =
      reinterpret_cast<Find>(dlsym(open_emulator(), "mini_infer_emulator_function"));
  static void* const toolkit = emulated == nullptr ? open_toolkit() : nullptr;
  void* function = emulated != nullptr  ? emulated(name)
                   : toolkit != nullptr ? dlsym(toolkit, name)
                                        : nullptr;
  if (function == nullptr) throw std::runtime_error(std::string("there is no ") + name);
  return function;
}

template <typename... Arguments>
void call(const char* name, Arguments... arguments) {
  const int error = reinterpret_cast<int (*)(Arguments...)>(find(name))(arguments...);
  if (error != 0) throw std::runtime_error(name + std::string(": error ") + std::to_string(error));
}

}  // namespace

int current_device() {
  int index = -1;
  call("cudaGetDevice", &index);
  return index;
}

void set_current_device(int index) { call("cudaSetDevice", index); }

void copy(void* to, const void* from, std::size_t bytes, void* stream) {
  constexpr int kDefault = 4;  // the addresses say from where to where
  call("cudaMemcpyAsync", to, from, bytes, kDefault, stream);
}

void fill(void* memory, int byte, std::size_t bytes, void* stream) {
  call("cudaMemsetAsync", memory, byte, bytes, stream);
}

void synchronize(void* stream) { call("cudaStreamSynchronize", stream); }

Stream::Stream(Kind kind) {
  call("cudaStreamCreateWithFlags", &stream_, kind == Kind::kNonBlocking ? 1u : 0u);
}

void Stream::destroy() {
  if (stream_ != nullptr) call("cudaStreamDestroy", stream_);
  stream_ = nullptr;
}

Memory::Memory(Kind kind, std::size_t bytes) : kind_(kind), bytes_(bytes) {
  call(kind == Kind::kDevice ? "cudaMalloc" : "cudaMallocHost", &memory_, bytes);
}

Memory::~Memory() { call(kind_ == Kind::kDevice ? "cudaFree" : "cudaFreeHost", memory_); }

}  // namespace mini_infer::test
