#pragma once

#include <memory>
#include <span>

#include "ops/backend.h"

namespace mini_infer::cuda {

// The kernels of cuda/ops on a device. Immutable.
core::Result<std::unique_ptr<ops::Backend>> make_backend(int device);

// A function that makes a node ready to run, shapes known.
using Bind = core::Result<ops::Kernel> (*)(const ops::NodeView&);

struct KernelEntry {
  std::string_view type;
  Bind bind;
  std::string_view domain = "";
};

// Of an output without elements.
inline ops::Kernel nothing_to_do() {
  return [](const ops::KernelArgs&) -> core::Status { return core::Status::SUCCESS; };
}

}  // namespace mini_infer::cuda
