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

// --- Pow ---

// An exponent of a type known when running: a kernel for each pair of types would be seventy.
struct Exponents {
  const void* data;
  DataType type;

  template <typename T>
  __device__ T at(std::int64_t i) const {
    switch (type) {
      case DataType::kFloat32:
        return ops::convert<T>(static_cast<const float*>(data)[i]);
      case DataType::kFloat64:
        return ops::convert<T>(static_cast<const double*>(data)[i]);
      case DataType::kFloat16:
        return ops::convert<T>(static_cast<const ops::Float16*>(data)[i]);
      case DataType::kBFloat16:
        return ops::convert<T>(static_cast<const ops::BFloat16*>(data)[i]);
      case DataType::kInt8:
        return ops::convert<T>(static_cast<const std::int8_t*>(data)[i]);
      case DataType::kInt16:
        return ops::convert<T>(static_cast<const std::int16_t*>(data)[i]);
      case DataType::kInt32:
        return ops::convert<T>(static_cast<const std::int32_t*>(data)[i]);
      case DataType::kInt64:
        return ops::convert<T>(static_cast<const std::int64_t*>(data)[i]);
      case DataType::kUInt8:
        return ops::convert<T>(static_cast<const std::uint8_t*>(data)[i]);
      case DataType::kUInt16:
        return ops::convert<T>(static_cast<const std::uint16_t*>(data)[i]);
      case DataType::kUInt32:
        return ops::convert<T>(static_cast<const std::uint32_t*>(data)[i]);
      default:
        return ops::convert<T>(static_cast<const std::uint64_t*>(data)[i]);
    }
  }
};

template <typename T>
struct PowBody {
  const T* base;
  Exponents exponents;
  T* y;
  Walk<2> walk;
  Fault fault;
  bool integers, floats, unsigned_exponents;  // which types meet

  __device__ void operator()(std::int64_t i) const {
    const auto offsets = walk.at(i);
    y[i] = ops::convert<T>(power(ops::widened(base[offsets.of[0]]), offsets.of[1]));
  }

  __device__ ops::Wide<T> power(ops::Wide<T> x, std::int64_t at) const {
    if (integers) return of_integers(x, at);
    if constexpr (std::is_same_v<ops::Wide<T>, float>) {
      if (floats) return ops::Pow{}(x, exponents.at<float>(at));
    }
    return ops::Pow{}(x, exponents.at<double>(at));
  }

  __device__ ops::Wide<T> of_integers(ops::Wide<T> x, std::int64_t at) const {
    if constexpr (std::is_integral_v<T>) {
      if (unsigned_exponents) return ops::Pow{}(x, exponents.at<std::uint64_t>(at));
      const auto exponent = exponents.at<std::int64_t>(at);
      if (exponent >= 0) return ops::Pow{}(x, exponent);
      fault.raise();
    }
    return 0;
  }
};

Result<Kernel> bind_pow(const NodeView& view) {
  MI_ASSIGN(const Walk<2> walk, Walk<2>::of(view));
  const DataType base = view.input_type(0), exponent = view.input_type(1);
  if (!ops::holds(kNumbers, exponent)) return view.unsupported_type(exponent);
  const bool integers = core::is_integer(base) && core::is_integer(exponent);
  // In float, unless more is needed to tell the exponent.
  const bool floats = exponent == DataType::kFloat32 || core::bits_per_element(exponent) == 16;
  const bool is_unsigned = as_unsigned(exponent) == exponent;
  constexpr auto kBases = kFloats + Types<std::int32_t, std::int64_t>{};
  return ops::for_type(view, base, kBases, [&]<typename T>(T) {
    Kernel kernel([=](const ops::KernelArgs& args) {
      return for_each("pow", walk.count, args.queue,
                      PowBody<T>{args.in<T>(0),
                                 {args.inputs[1], exponent},
                                 args.out<T>(0),
                                 walk,
                                 Fault::of(args),
                                 integers,
                                 floats && !core::is_integer(exponent),
                                 is_unsigned});
    });
    return with_fault(view, std::move(kernel), "an integer is raised to a negative integer");
  });
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
