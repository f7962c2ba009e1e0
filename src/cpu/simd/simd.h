#pragma once

#include "cpu/simd/table.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"

namespace mini_infer::cpu {

// The vector code for an instruction set. ERROR_UNSUPPORTED when this machine lacks it.
core::Result<const Simd*> simd_for(core::InstructionSet set);
// The same whether this machine has the instructions or not: its code may be asked for sizes, and
// not be called. ERROR_UNSUPPORTED for a set of another architecture.
core::Result<const Simd*> simd_to_plan_with(core::InstructionSet set);

// Whether this machine computes vectors of 512 bits in two halves (Zen 4). What it reads for them
// may then be twice as much.
bool computes_in_halves();

}  // namespace mini_infer::cpu
