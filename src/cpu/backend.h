#pragma once

#include "ops/backend.h"

namespace mini_infer::cpu {

// The kernels of src/cpu/ops. Stateless; one instance serves everybody.
const ops::Backend& backend();

// A function that makes a node ready to run, shapes known.
using Bind = core::Result<ops::Kernel> (*)(const ops::NodeView&);

struct KernelEntry {
  std::string_view type;
  Bind bind;
  std::string_view domain = "";
};

}  // namespace mini_infer::cpu
