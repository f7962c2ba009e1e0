#pragma once

#include <cstdint>

namespace mini_infer::core {

// While it lives, its thread rounds to nearest, keeps denormal numbers and raises no signal for a
// floating-point exception. The state that the thread had before, sticky flags included, comes back
// at the end. A host may have set another one for its own reasons; results must not depend on it.
//
//   const FloatEnvironment ours;
//   return compute();
class FloatEnvironment {
 public:
  FloatEnvironment() : theirs_(read()) { write(State{}); }
  ~FloatEnvironment() { write(theirs_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

  // For the rest of a thread's life: a new thread inherits the state of the one that made it.
  static void keep() { write(State{}); }

 private:
#if defined(__x86_64__)
  // The x87 unit is left alone: it computes `long double` only, which this library does not use.
  struct State {
    std::uint32_t mxcsr = 0x1f80;  // all exceptions masked
  };
  static State read() { return {__builtin_ia32_stmxcsr()}; }
  static void write(State state) { __builtin_ia32_ldmxcsr(state.mxcsr); }
#elif defined(__aarch64__)
  struct State {
    std::uint64_t fpcr = 0;
    std::uint64_t fpsr = 0;
  };
  static State read() {
    State state;
    asm volatile("mrs %0, fpcr" : "=r"(state.fpcr));
    asm volatile("mrs %0, fpsr" : "=r"(state.fpsr));
    return state;
  }
  static void write(State state) {
    asm volatile("msr fpcr, %0" : : "r"(state.fpcr));
    asm volatile("msr fpsr, %0" : : "r"(state.fpsr));
  }
#else
#error "Say how this processor keeps its floating-point state."
#endif

  State theirs_;
};

}  // namespace mini_infer::core
