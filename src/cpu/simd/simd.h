#pragma once

#include "cpu/simd/table.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"

namespace mini_infer::cpu {

// The vector code for an instruction set. ERROR_UNSUPPORTED when this machine lacks it.
core::Result<const Simd*> simd_for(core::InstructionSet set);

}  // namespace mini_infer::cpu
