#pragma once

#include <cfenv>
#include <cstdint>

// Floating-point states that a host may have set before it calls us.
namespace mini_infer::test {

// MXCSR (x86-64) or FPCR (64-bit Arm), and the sticky flags.
inline std::uint64_t float_state() {
#if defined(__x86_64__)
  return __builtin_ia32_stmxcsr();
#else
  std::uint64_t control = 0, flags = 0;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("mrs %0, fpsr" : "=r"(flags));
  return control | flags << 32;
#endif
}

inline void set_float_state(std::uint64_t state) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(static_cast<std::uint32_t>(state));
#else
  asm volatile("msr fpcr, %0" : : "r"(state & 0xffffffff));
  asm volatile("msr fpsr, %0" : : "r"(state >> 32));
#endif
}

struct FloatState {
  const char* name;
  std::uint64_t clear;  // bits of float_state()
  std::uint64_t set;
};

#if defined(__x86_64__)
inline constexpr FloatState kFloatStates[] = {
    {"as usual", 0, 0},
    {"results flushed to zero", 0, 1 << 15},
    {"denormal inputs taken as zero", 0, 1 << 6},
    {"both", 0, 1 << 15 | 1 << 6},
    {"rounding down", 3 << 13, 1 << 13},
    {"rounding up", 3 << 13, 2 << 13},
    {"rounding to zero", 3 << 13, 3 << 13},
    {"every exception a signal", 0x3f << 7 | 0x3f, 0},
};
#else
inline constexpr FloatState kFloatStates[] = {
    {"as usual", 0, 0},
    {"flushed to zero", 0, 1 << 24},
    {"rounding up", 3 << 22, 1 << 22},
    {"rounding down", 3 << 22, 2 << 22},
    {"rounding to zero", 3 << 22, 3 << 22},
};
#endif

// Of this thread, while it lives.
class WithFloatState {
 public:
  explicit WithFloatState(const FloatState& state) : before_(float_state()) {
    set_float_state((before_ & ~state.clear) | state.set);
  }
  ~WithFloatState() { set_float_state(before_); }
  WithFloatState(const WithFloatState&) = delete;
  WithFloatState& operator=(const WithFloatState&) = delete;

 private:
  std::uint64_t before_;
};

}  // namespace mini_infer::test
