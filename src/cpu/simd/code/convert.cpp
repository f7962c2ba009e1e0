#include "cpu/simd/code/convert.h"

#include "cpu/simd/code/vector.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

template <typename Stored>
void widen(const void* from, float* to, std::int64_t count) {
  const auto* x = static_cast<const Stored*>(from);
  MI_INDEPENDENT for (std::int64_t i = 0; i < count; ++i) to[i] = ops::widened(x[i]);
}

template <typename Stored>
void narrow(const float* from, void* to, std::int64_t count) {
  auto* y = static_cast<Stored*>(to);
  MI_INDEPENDENT for (std::int64_t i = 0; i < count; ++i) y[i] = ops::convert<Stored>(from[i]);
}

#ifdef __F16C__
// One instruction for a vector; the software's conversion takes ten.
template <>
void widen<ops::Float16>(const void* from, float* to, std::int64_t count) {
  const auto* x = static_cast<const ops::Float16*>(from);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, load_float16(x + i));
  for (; i < count; ++i) to[i] = ops::widened(x[i]);
}
#endif

template <typename... Stored>
void list_for(Simd& simd, Types<Stored...>) {
  FloatLoops* loops = simd.loops;
  ((loops->widen = widen<Stored>, loops++->narrow = narrow<Stored>), ...);
}

}  // namespace

void list_conversions(Simd& simd) noexcept { list_for(simd, StoredFloats{}); }

}  // namespace mini_infer::cpu::MI_ISA
