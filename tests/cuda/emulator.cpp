#include "cuda/emulator.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace mini_infer::test {
namespace {

void* symbol(const char* name) {
  void* library = dlopen(std::getenv("MINI_INFER_CUDA_LIBRARY"), RTLD_NOW);
  EXPECT_NE(library, nullptr) << dlerror();
  void* found = dlsym(library, name);
  EXPECT_NE(found, nullptr) << dlerror();
  return found;
}

void set_code(int device, bool there) {
  reinterpret_cast<void (*)(int, bool)>(symbol("mini_infer_emulator_set_code"))(device, there);
}

}  // namespace

bool is_emulated() {
  void* library = dlopen(std::getenv("MINI_INFER_CUDA_LIBRARY"), RTLD_NOW);
  return library != nullptr && dlsym(library, "mini_infer_emulator_start_log") != nullptr;
}

bool has_lazy_streams() {
  return reinterpret_cast<bool (*)()>(symbol("mini_infer_emulator_lazy"))();
}

DeviceWithoutCode::DeviceWithoutCode(int device) : device_(device) { set_code(device, false); }
DeviceWithoutCode::~DeviceWithoutCode() { set_code(device_, true); }

void start_device_log() { reinterpret_cast<void (*)()>(symbol("mini_infer_emulator_start_log"))(); }

std::vector<DeviceCall> take_device_log() {
  std::istringstream text(
      reinterpret_cast<const char* (*)()>(symbol("mini_infer_emulator_take_log"))());
  std::vector<DeviceCall> calls;
  DeviceCall call;
  while (text >> call.bytes >> call.address && text.ignore() && std::getline(text, call.name)) {
    calls.push_back(call);
  }
  return calls;
}

std::vector<std::string> names_of(const std::vector<DeviceCall>& calls) {
  std::vector<std::string> names;
  for (const DeviceCall& call : calls) names.push_back(call.name);
  return names;
}

}  // namespace mini_infer::test
