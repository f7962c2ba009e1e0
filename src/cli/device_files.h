#pragma once

#include <string>
#include <vector>

#include "mini_infer/core/status.h"

// Files of device properties, as Engine::plan_for_absent_device reads them, that come with the
// tool.
namespace mini_infer::cli {

// Their names, sorted: "a100-sxm-40gb", "h200", ...
std::vector<std::string> known_devices();

// The text of a file, or of the one that comes with the tool under this name. ERROR_IO says which
// names there are.
[[nodiscard]] core::Result<std::string> read_device_properties(const std::string& name_or_path);

}  // namespace mini_infer::cli
