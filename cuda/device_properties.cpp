#include "cuda/device_properties.h"

#include <cuda_runtime_api.h>

#include <string_view>

#include "core/try.h"
#include "cuda/device.h"

namespace mini_infer::cuda {
namespace {

using core::Status;

Status check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return Status::SUCCESS;
  return {Status::ERROR_UNSUPPORTED,
          std::string("device properties: ") + call + ": " + cudaGetErrorString(error)};
}

struct Fact {
  std::string_view key;
  cudaDeviceAttr attribute;
};

// Keys that are whole numbers, under the names that cuDNN has for them.
constexpr Fact kFacts[] = {
    {"regsPerBlock", cudaDevAttrMaxRegistersPerBlock},
    {"multiProcessorCount", cudaDevAttrMultiProcessorCount},
    {"warpSize", cudaDevAttrWarpSize},
    {"maxSharedMemoryPerBlock", cudaDevAttrMaxSharedMemoryPerBlock},
    {"maxSharedMemoryPerBlockOptin", cudaDevAttrMaxSharedMemoryPerBlockOptin},
    {"reservedSharedMemoryPerBlock", cudaDevAttrReservedSharedMemoryPerBlock},
    {"maxRegistersPerSM", cudaDevAttrMaxRegistersPerMultiprocessor},
    {"maxCtasPerSM", cudaDevAttrMaxBlocksPerMultiprocessor},
    {"maxThreadsPerBlock", cudaDevAttrMaxThreadsPerBlock},
    {"maxThreadsPerSM", cudaDevAttrMaxThreadsPerMultiProcessor},
    {"pciDeviceId", cudaDevAttrPciDeviceId},
    {"isTccDriver", cudaDevAttrTccDriver},
    {"supportCoopLaunch", cudaDevAttrCooperativeLaunch},
    {"smClockRateKHz", cudaDevAttrClockRate},
    {"memClockRateKHz", cudaDevAttrMemoryClockRate},
    {"l2CacheSize", cudaDevAttrL2CacheSize},
};
constexpr cudaDeviceAttr kGrid[] = {cudaDevAttrMaxGridDimX, cudaDevAttrMaxGridDimY,
                                    cudaDevAttrMaxGridDimZ};
constexpr cudaDeviceAttr kBlock[] = {cudaDevAttrMaxBlockDimX, cudaDevAttrMaxBlockDimY,
                                     cudaDevAttrMaxBlockDimZ};

core::Result<std::string> number(int index, cudaDeviceAttr attribute) {
  int value = 0;
  MI_TRY(check(cudaDeviceGetAttribute(&value, attribute, index), "cudaDeviceGetAttribute"));
  return std::to_string(value);
}

core::Result<std::string> extents(int index, const cudaDeviceAttr (&attributes)[3]) {
  std::string text;
  for (const cudaDeviceAttr attribute : attributes) {
    MI_ASSIGN(const std::string value, number(index, attribute));
    text += (text.empty() ? "[" : ", ") + value;
  }
  return text + "]";
}

std::string line(std::string_view key, const std::string& value) {
  return "  \"" + std::string(key) + "\": " + value + ",\n";
}

}  // namespace

core::Result<std::string> device_properties(int index) {
  MI_ASSIGN(const std::unique_ptr<ops::Device> device, open_device(index));
  const ops::CurrentDevice current(*device);
  MI_TRY(current.status());
  cudaDeviceProp properties{};
  int driver = 0;
  std::size_t free_bytes = 0, all_bytes = 0;
  MI_TRY(check(cudaMemGetInfo(&free_bytes, &all_bytes), "cudaMemGetInfo"));
  MI_TRY(check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties"));
  MI_TRY(check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion"));
  MI_ASSIGN(const std::string grid, extents(index, kGrid));
  MI_ASSIGN(const std::string block, extents(index, kBlock));
  std::string json = "{\n" + line("maxGridSize", grid) + line("maxBlockSize", block);
  for (const Fact& fact : kFacts) {
    MI_ASSIGN(const std::string value, number(index, fact.attribute));
    json += line(fact.key, value);
  }
  // NVIDIA's names are plain ASCII without quotes.
  return json + line("totalGlobalMem", std::to_string(all_bytes)) +
         line("cudaDeviceId", std::to_string(index)) +
         line("deviceVer", std::to_string(100 * properties.major + 10 * properties.minor)) +
         line("driverVer", std::to_string(driver)) + "  \"deviceName\": \"" + properties.name +
         "\"\n}\n";
}

}  // namespace mini_infer::cuda
