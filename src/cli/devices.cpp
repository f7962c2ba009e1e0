#include "mini_infer/runtime/devices.h"

#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/device_files.h"
#include "cli/output_files.h"
#include "cli/text.h"
#include "core/try.h"

namespace mini_infer::cli {
namespace {

using core::Status;

struct CudaDevices {
  std::vector<std::string> names;  // by index
  std::string reason;              // why there is none; else empty
};

CudaDevices find_cuda_devices() {
  CudaDevices found;
  for (int index = 0;; ++index) {
    const core::Result<std::string> name = runtime::device_name(core::Device::kCuda, index);
    if (name.ok()) {
      found.names.push_back(*name);
      continue;
    }
    if (index == 0) found.reason = name.status().message();
    return found;
  }
}

void print_json(const CudaDevices& cuda) {
  report::Json devices = report::Json::array();
  devices.add(report::Json::object().set("device", "cpu").set("name", "cpu"));
  for (std::size_t index = 0; index < cuda.names.size(); ++index) {
    devices.add(report::Json::object()
                    .set("device", "cuda")
                    .set("index", index)
                    .set("name", cuda.names[index]));
  }
  report::Json json = report::Json::object();
  json.set("schema", "mini-infer.devices").set("version", 1).set("devices", std::move(devices));
  if (!cuda.reason.empty()) json.set("no_cuda", cuda.reason);
  write_json(json.set("known_properties", report::json_array(known_devices())));
}

void print_text(const CudaDevices& cuda) {
  std::string text = row("here", "cpu");
  for (const std::string& name : cuda.names) text += row("", name);
  if (!cuda.reason.empty()) text += row("", "no CUDA device: " + cuda.reason);
  print(text + row("known", join(known_devices(), ", ") + " (plan --device-properties NAME)"));
}

}  // namespace

core::Result<ExitCode> execute(const DevicesCommand& command) {
  if (!command.write_properties.empty()) {
    MI_ASSIGN(const std::string properties, runtime::device_properties(command.index));
    MI_ASSIGN(const auto file, open_output(command.write_properties));
    MI_TRY(write_text(*file, properties));
  }
  const CudaDevices cuda = find_cuda_devices();
  command.json ? print_json(cuda) : print_text(cuda);
  return ExitCode::kOk;
}

}  // namespace mini_infer::cli
