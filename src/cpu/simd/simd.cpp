#include "cpu/simd/simd.h"

#include <string>

#include "cpu/backend.h"

namespace mini_infer::cpu {

namespace baseline {
const Simd& table();
}
#ifdef __x86_64__
namespace avx2 {
const Simd& table();
}
namespace avx512 {
const Simd& table();
}
#endif

namespace {

using core::InstructionSet;

#ifdef __x86_64__
bool machine_has(InstructionSet set) {
  if (set == InstructionSet::kAvx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  }
  if (set == InstructionSet::kAvx2) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  }
  return true;
}

const Simd* code_for(InstructionSet set) {
  return set == InstructionSet::kAvx512 ? &avx512::table()
         : set == InstructionSet::kAvx2 ? &avx2::table()
                                        : &baseline::table();
}
#else
bool machine_has(InstructionSet set) { return set == InstructionSet::kBaseline; }
const Simd* code_for(InstructionSet) { return &baseline::table(); }
#endif

}  // namespace

InstructionSet resolve(InstructionSet set) {
  if (set != InstructionSet::kNative) return set;
  for (InstructionSet best : {InstructionSet::kAvx512, InstructionSet::kAvx2}) {
    if (machine_has(best)) return best;
  }
  return InstructionSet::kBaseline;
}

core::Result<const Simd*> simd_for(InstructionSet set) {
  set = resolve(set);
  if (machine_has(set)) return code_for(set);
  return {core::Status::ERROR_UNSUPPORTED, std::string("this machine has no ") +
                                               core::instruction_set_name(set) +
                                               "; use InstructionSet::kNative"};
}

}  // namespace mini_infer::cpu
