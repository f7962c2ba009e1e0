#include "cpu/simd/simd.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

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

// AMD's Architecture Programmer's Manual, volume 3, appendix E, Fn8000_001A: the width of the
// floating-point data path. Others do not say.
bool data_path_is_256_bits() {
  constexpr unsigned kPerformance = 0x8000001a;
  constexpr unsigned kBits256 = 1u << 2;
  constexpr unsigned kBits512 = 1u << 3;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(kPerformance, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (eax & (kBits256 | kBits512)) == kBits256;
}

const Simd* code_for(InstructionSet set) {
  return set == InstructionSet::kAvx512 ? &avx512::table()
         : set == InstructionSet::kAvx2 ? &avx2::table()
                                        : &baseline::table();
}
// What binding asks of the code; the code itself may not even be asked for its table here.
Simd facts_alone(InstructionSet set) {
  Simd simd;
  simd.lanes = set == InstructionSet::kAvx512 ? 16 : 8;
  simd.tile_rows = set == InstructionSet::kAvx512 ? 12 : 6;
  return simd;
}

core::Result<const Simd*> facts_to_plan_with(InstructionSet set) {
  static const Simd avx2_facts = facts_alone(InstructionSet::kAvx2);
  static const Simd avx512_facts = facts_alone(InstructionSet::kAvx512);
  return set == InstructionSet::kAvx512 ? &avx512_facts : &avx2_facts;
}
#else
core::Result<const Simd*> facts_to_plan_with(InstructionSet set) {
  return {core::Status::ERROR_UNSUPPORTED,
          std::string(core::instruction_set_name(set)) + " is of another kind of processor"};
}
bool machine_has(InstructionSet set) { return set == InstructionSet::kBaseline; }
bool data_path_is_256_bits() { return false; }
const Simd* code_for(InstructionSet) { return &baseline::table(); }
#endif

}  // namespace

bool computes_in_halves() {
  static const bool halves = data_path_is_256_bits();
  return halves;
}

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

core::Result<const Simd*> simd_to_plan_with(InstructionSet set) {
  set = resolve(set);
  if (machine_has(set)) return code_for(set);
  return facts_to_plan_with(set);
}

}  // namespace mini_infer::cpu
