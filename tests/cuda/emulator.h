#pragma once

#include <cstdint>
#include <string>
#include <vector>

// What an engine asks of the emulated device, whose library the environment names.
namespace mini_infer::test {

struct DeviceCall {
  std::string name;  // of the runtime's function, or of a kernel
  std::size_t bytes = 0;
  std::uintptr_t address = 0;
};

// Whether the device is emulated: only then is there a log, and memory that the host may touch.
bool is_emulated();
// Whether the emulated device does the work of a stream as late as it may.
bool has_lazy_streams();

// While it lives, the emulated library has no code for that device.
class DeviceWithoutCode {
 public:
  explicit DeviceWithoutCode(int device);
  ~DeviceWithoutCode();
  DeviceWithoutCode(const DeviceWithoutCode&) = delete;
  DeviceWithoutCode& operator=(const DeviceWithoutCode&) = delete;

 private:
  int device_;
};

void start_device_log();
std::vector<DeviceCall> take_device_log();
std::vector<std::string> names_of(const std::vector<DeviceCall>& calls);

}  // namespace mini_infer::test
