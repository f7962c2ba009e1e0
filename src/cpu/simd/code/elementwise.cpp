#include "cpu/simd/code/elementwise.h"

#include "cpu/simd/code/vector.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

// --- One input ---

template <typename Stored, typename Function>
void map(const void* function, const void* x, void* y, std::int64_t count) {
  const Function f = *static_cast<const Function*>(function);
  const auto* from = static_cast<const Stored*>(x);
  auto* to = static_cast<Stored*>(y);
  MI_INDEPENDENT for (std::int64_t i = 0; i < count; ++i) {
    to[i] = ops::convert<Stored>(f(ops::widened(from[i])));
  }
}

template <typename Stored, typename... Functions>
void list_unary(UnaryLoop* loops, Types<Functions...>) {
  ((*loops++ = map<Stored, Functions>), ...);
}

// --- Two inputs ---

template <typename Stored>
struct Moving {
  const Stored* first;
  MI_MEMBER float operator[](std::int64_t i) const { return ops::widened(first[i]); }
};

template <typename Stored>
struct Repeated {
  float value;
  MI_MEMBER explicit Repeated(const Stored* first) : value(ops::widened(*first)) {}
  MI_MEMBER float operator[](std::int64_t) const { return value; }
};

template <typename Stored, typename Function, template <typename> typename A,
          template <typename> typename B>
MI_INLINE void combine_rows(const BinaryArgs& args) {
  const auto* a = static_cast<const Stored*>(args.a.first);
  const auto* b = static_cast<const Stored*>(args.b.first);
  auto* y = static_cast<Stored*>(args.y);
  for (std::int64_t row = 0; row < args.rows; ++row) {
    const A<Stored> left{a};
    const B<Stored> right{b};
    MI_INDEPENDENT for (std::int64_t i = 0; i < args.length; ++i) {
      y[i] = ops::convert<Stored>(Function{}(left[i], right[i]));
    }
    a += args.a.row;
    b += args.b.row;
    y += args.length;
  }
}

// Two that repeat make one that does: they meet only where a row has one element.
template <typename Stored, typename Function>
void combine(const BinaryArgs& args) {
  if (args.a.repeats && args.length > 1) {
    combine_rows<Stored, Function, Repeated, Moving>(args);
  } else if (args.b.repeats && args.length > 1) {
    combine_rows<Stored, Function, Moving, Repeated>(args);
  } else {
    combine_rows<Stored, Function, Moving, Moving>(args);
  }
}

template <typename Stored, typename... Functions>
void list_binary(BinaryLoop* loops, Types<Functions...>) {
  ((*loops++ = combine<Stored, Functions>), ...);
}

template <typename... Stored>
void list_for(Simd& simd, Types<Stored...>) {
  FloatLoops* loops = simd.loops;
  ((list_unary<Stored>(loops->unary, UnaryFunctors{}),
    list_binary<Stored>(loops++->binary, BinaryFunctors{})),
   ...);
}

}  // namespace

void list_elementwise(Simd& simd) noexcept { list_for(simd, StoredFloats{}); }

}  // namespace mini_infer::cpu::MI_ISA
