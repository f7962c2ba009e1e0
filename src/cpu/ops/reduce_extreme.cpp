#include <cmath>
#include <limits>

#include "cpu/backend.h"
#include "cpu/ops/reduce.h"

namespace mini_infer::cpu {
namespace {

// NaN in, NaN out.
template <typename Element>
struct Greatest {
  using T = Element;
  using State = Element;
  using Limits = std::numeric_limits<T>;
  static State start() { return Limits::has_infinity ? -Limits::infinity() : Limits::lowest(); }
  static void add(State& state, T x) { state = x > state || is_nan(x) ? x : state; }
  static void join(State& a, State b) { add(a, b); }
  static T finish(State state, std::int64_t) { return state; }
  static bool is_nan(T x) {
    if constexpr (std::is_floating_point_v<T>) return std::isnan(x);
    return false;
  }
};

template <typename Element>
struct Least : Greatest<Element> {
  using Limits = std::numeric_limits<Element>;
  static Element start() { return Limits::has_infinity ? Limits::infinity() : Limits::max(); }
  static void add(Element& state, Element x) {
    state = x < state || Greatest<Element>::is_nan(x) ? x : state;
  }
  static void join(Element& a, Element b) { add(a, b); }
};

// Bools are widened to 0 or 1.
struct LeastBool : Least<std::uint8_t> {
  static std::uint8_t start() { return 1; }
};

// Greatest and least elements exist of bytes and, as BoolOp, of bools too.
template <template <typename> typename Op, typename BoolOp>
core::Result<ops::Kernel> bind_extreme(const ops::NodeView& view) {
  if (view.input_type(0) == core::DataType::kBool) return bind_reduction<BoolOp, ops::Bool>(view);
  constexpr Types<std::int8_t, std::uint8_t> kBytes;
  return bind_reduction_of<Op>(view, kFloats + kWideIntegers + kBytes);
}

constexpr KernelEntry kTable[] = {
    {"ReduceMax", bind_extreme<Greatest, Greatest<std::uint8_t>>},
    {"ReduceMin", bind_extreme<Least, LeastBool>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kReduceExtremeKernels = kTable;

}  // namespace mini_infer::cpu
