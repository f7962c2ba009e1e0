#pragma once

#include <optional>

#include "ops/backend.h"
#include "ops/convert.h"
#include "ops/types.h"

// From a type known when a kernel is bound to a C++ type known when it is compiled.
namespace mini_infer::ops {

template <typename T>
inline constexpr core::DataType kTypeOf = core::DataType::kUndefined;
template <>
inline constexpr core::DataType kTypeOf<float> = core::DataType::kFloat32;
template <>
inline constexpr core::DataType kTypeOf<double> = core::DataType::kFloat64;
template <>
inline constexpr core::DataType kTypeOf<std::int8_t> = core::DataType::kInt8;
template <>
inline constexpr core::DataType kTypeOf<std::int16_t> = core::DataType::kInt16;
template <>
inline constexpr core::DataType kTypeOf<std::int32_t> = core::DataType::kInt32;
template <>
inline constexpr core::DataType kTypeOf<std::int64_t> = core::DataType::kInt64;
template <>
inline constexpr core::DataType kTypeOf<std::uint8_t> = core::DataType::kUInt8;
template <>
inline constexpr core::DataType kTypeOf<std::uint16_t> = core::DataType::kUInt16;
template <>
inline constexpr core::DataType kTypeOf<std::uint32_t> = core::DataType::kUInt32;
template <>
inline constexpr core::DataType kTypeOf<std::uint64_t> = core::DataType::kUInt64;
template <>
inline constexpr core::DataType kTypeOf<Float16> = core::DataType::kFloat16;
template <>
inline constexpr core::DataType kTypeOf<BFloat16> = core::DataType::kBFloat16;
template <>
inline constexpr core::DataType kTypeOf<Bool> = core::DataType::kBool;

inline constexpr Types<float, double, Float16, BFloat16> kFloats;
inline constexpr Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t> kSignedIntegers;
inline constexpr Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t> kUnsignedIntegers;
inline constexpr auto kIntegers = kSignedIntegers + kUnsignedIntegers;
inline constexpr auto kNumbers = kFloats + kIntegers;

template <typename... Ts>
constexpr bool holds(Types<Ts...>, core::DataType type) {
  return ((type == kTypeOf<Ts>) || ...);
}

// What elements stored as T are computed in: float for the 16-bit formats, a byte for bools, else
// T.
template <typename T>
using Wide = decltype(widened(T{}));

// bind(T{}) for the T of `types` that stores `type`, or "type ... is not supported".
template <typename... Ts, typename Bind>
core::Result<Kernel> for_type(const NodeView& view, core::DataType type, Types<Ts...>, Bind bind) {
  std::optional<core::Result<Kernel>> bound;
  // nvcc takes emplace's reference for a Result that is ignored.
  const bool found =
      ((type == kTypeOf<Ts> && (static_cast<void>(bound.emplace(bind(Ts{}))), true)) || ...);
  return found ? *std::move(bound) : view.unsupported_type(type);
}

// The unsigned integer type as wide as an integer type, for operators that see only bits.
inline core::DataType as_unsigned(core::DataType type) {
  switch (type) {
    case core::DataType::kInt8:
      return core::DataType::kUInt8;
    case core::DataType::kInt16:
      return core::DataType::kUInt16;
    case core::DataType::kInt32:
      return core::DataType::kUInt32;
    case core::DataType::kInt64:
      return core::DataType::kUInt64;
    default:
      return type;
  }
}

}  // namespace mini_infer::ops
