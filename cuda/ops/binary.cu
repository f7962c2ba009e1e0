#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/combine.h"
#include "ops/dispatch.h"
#include "ops/functor.h"

// Elementwise functions of two tensors: arithmetic, comparisons, logic.
namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::as_unsigned;
using ops::Kernel;
using ops::kFloats;
using ops::kIntegers;
using ops::kNumbers;
using ops::kUnsignedIntegers;
using ops::NodeView;
using ops::Types;

template <typename... Ts, typename Function>
Result<Kernel> bind_elementwise(const NodeView& view, DataType type, Types<Ts...> types,
                                Function function) {
  MI_ASSIGN(const Walk<2> walk, Walk<2>::of(view));
  return ops::for_type(view, type, types, [&]<typename T>(T) {
    return elementwise_kernel<T>("binary", walk, function);
  });
}

// Wrapping arithmetic gives the same bits for signed and unsigned integers.
template <typename Function>
Result<Kernel> bind_wrapping(const NodeView& view) {
  return bind_elementwise(view, as_unsigned(view.input_type(0)), kFloats + kUnsignedIntegers,
                          Function{});
}

// --- Arithmetic that not all integers allow ---

struct NotZero {
  template <typename T>
  __device__ bool operator()(T divisor) const {
    return divisor != 0;
  }
};

struct NotNegative {
  template <typename T>
  __device__ bool operator()(T exponent) const {
    return exponent >= 0;
  }
};

Kernel with_fault(const NodeView& view, Kernel kernel, const char* complaint) {
  kernel.fault = view.fail(Status::ERROR_RUNTIME, complaint);
  return kernel;
}

template <typename Function, typename... Ts>
Result<Kernel> bind_division(const NodeView& view, Types<Ts...> types) {
  MI_ASSIGN(const Walk<2> walk, Walk<2>::of(view));
  return ops::for_type(view, view.input_type(0), types, [&]<typename T>(T) -> Kernel {
    if constexpr (std::is_integral_v<T>) {
      return with_fault(view, combine_kernel<T, T, T>("division", walk, Function{}, 0, NotZero{}),
                        "an integer is divided by 0");
    } else {
      return elementwise_kernel<T>("division", walk, Function{});
    }
  });
}

Result<Kernel> bind_mod(const NodeView& view) {
  if (view.node().get_int("fmod", 0) != 0) {
    return bind_division<ops::TruncatedMod>(view, kNumbers);
  }
  return bind_division<ops::FlooredMod>(view, kIntegers);
}

template <typename T>
Result<Kernel> bind_exponent(const NodeView& view, const Walk<2>& walk) {
  return ops::for_type(view, view.input_type(1), kNumbers, [&]<typename E>(E) -> Kernel {
    if constexpr (std::is_integral_v<T> && std::is_integral_v<E> && std::is_signed_v<E>) {
      return with_fault(view, combine_kernel<T, E, T>("pow", walk, ops::Pow{}, 0, NotNegative{}),
                        "an integer is raised to a negative integer");
    } else {
      return combine_kernel<T, E, T>("pow", walk, ops::Pow{});
    }
  });
}

Result<Kernel> bind_pow(const NodeView& view) {
  MI_ASSIGN(const Walk<2> walk, Walk<2>::of(view));
  constexpr auto kBases = kFloats + Types<std::int32_t, std::int64_t>{};
  return ops::for_type(view, view.input_type(0), kBases,
                       [&]<typename T>(T) { return bind_exponent<T>(view, walk); });
}

// --- Comparisons ---

template <typename... Ts, typename Function>
Result<Kernel> bind_comparison(const NodeView& view, DataType type, Types<Ts...> types,
                               Function function, int left = 0) {
  MI_ASSIGN(const Walk<2> walk, Walk<2>::of(view));
  return ops::for_type(view, type, types, [&]<typename T>(T) {
    return combine_kernel<T, T, std::uint8_t>("comparison", walk, function, left);
  });
}

Result<Kernel> bind_equal(const NodeView& view) {
  const DataType type = view.input_type(0);
  return bind_comparison(view, type == DataType::kBool ? DataType::kUInt8 : as_unsigned(type),
                         kFloats + kUnsignedIntegers, ops::Equal{});
}

// `left`: the input that is to be the lower one.
template <typename Function, int left>
Result<Kernel> bind_order(const NodeView& view) {
  return bind_comparison(view, view.input_type(0), kNumbers, Function{}, left);
}

// --- Logic ---

template <typename Function>
Result<Kernel> bind_bools(const NodeView& view) {
  if (view.input_type(0) != DataType::kBool) return view.unsupported_type(view.input_type(0));
  return bind_elementwise(view, DataType::kUInt8, Types<std::uint8_t>{}, Function{});
}

template <typename Function>
Result<Kernel> bind_bits(const NodeView& view) {
  return bind_elementwise(view, as_unsigned(view.input_type(0)), kUnsignedIntegers, Function{});
}

Result<Kernel> bind_shift(const NodeView& view) {
  const DataType type = view.input_type(0);
  if (view.node().get_string("direction", "") == "LEFT") {
    return bind_elementwise(view, type, kUnsignedIntegers, ops::ShiftLeft{});
  }
  return bind_elementwise(view, type, kUnsignedIntegers, ops::ShiftRight{});
}

constexpr KernelEntry kTable[] = {
    {"Add", bind_wrapping<ops::Add>},
    {"Sub", bind_wrapping<ops::Sub>},
    {"Mul", bind_wrapping<ops::Mul>},
    {"Div", [](const NodeView& view) { return bind_division<ops::Div>(view, kNumbers); }},
    {"Mod", bind_mod},
    {"Pow", bind_pow},
    {"PRelu",
     [](const NodeView& view) {
       return bind_elementwise(view, view.input_type(0), kNumbers, ops::PRelu{});
     }},
    {"Equal", bind_equal},
    {"Less", bind_order<ops::Less, 0>},
    {"LessOrEqual", bind_order<ops::LessOrEqual, 0>},
    {"Greater", bind_order<ops::Less, 1>},
    {"GreaterOrEqual", bind_order<ops::LessOrEqual, 1>},
    {"And", bind_bools<ops::BitwiseAnd>},
    {"Or", bind_bools<ops::BitwiseOr>},
    {"Xor", bind_bools<ops::BitwiseXor>},
    {"BitwiseAnd", bind_bits<ops::BitwiseAnd>},
    {"BitwiseOr", bind_bits<ops::BitwiseOr>},
    {"BitwiseXor", bind_bits<ops::BitwiseXor>},
    {"BitShift", bind_shift},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kBinaryKernels = kTable;

}  // namespace mini_infer::cuda
