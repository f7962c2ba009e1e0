#include "mini_infer/core/types.h"

#include <array>

namespace mini_infer::core {
namespace {

enum class Kind { kOther, kFloat, kInteger };

struct TypeFacts {
  const char* name;
  int bits;
  Kind kind;
};

// Indexed by the standard's number.
constexpr std::array<TypeFacts, 27> kTypes = {{
    {"undefined", 0, Kind::kOther},      {"float32", 32, Kind::kFloat},
    {"uint8", 8, Kind::kInteger},        {"int8", 8, Kind::kInteger},
    {"uint16", 16, Kind::kInteger},      {"int16", 16, Kind::kInteger},
    {"int32", 32, Kind::kInteger},       {"int64", 64, Kind::kInteger},
    {"string", 0, Kind::kOther},         {"bool", 8, Kind::kOther},
    {"float16", 16, Kind::kFloat},       {"float64", 64, Kind::kFloat},
    {"uint32", 32, Kind::kInteger},      {"uint64", 64, Kind::kInteger},
    {"complex64", 64, Kind::kOther},     {"complex128", 128, Kind::kOther},
    {"bfloat16", 16, Kind::kFloat},      {"float8e4m3fn", 8, Kind::kFloat},
    {"float8e4m3fnuz", 8, Kind::kFloat}, {"float8e5m2", 8, Kind::kFloat},
    {"float8e5m2fnuz", 8, Kind::kFloat}, {"uint4", 4, Kind::kInteger},
    {"int4", 4, Kind::kInteger},         {"float4e2m1", 4, Kind::kFloat},
    {"float8e8m0", 8, Kind::kFloat},     {"uint2", 2, Kind::kInteger},
    {"int2", 2, Kind::kInteger},
}};

const TypeFacts& facts(DataType type) {
  auto number = static_cast<std::size_t>(type);
  return number < kTypes.size() ? kTypes[number] : kTypes[0];
}

}  // namespace

const char* type_name(DataType type) { return facts(type).name; }
int bits_per_element(DataType type) { return facts(type).bits; }
bool is_floating(DataType type) { return facts(type).kind == Kind::kFloat; }
bool is_integer(DataType type) { return facts(type).kind == Kind::kInteger; }

std::int64_t Shape::elements() const { return elements(0, rank()); }

std::int64_t Shape::elements(int first, int last) const {
  std::int64_t product = 1;
  for (int axis = first; axis < last; ++axis) product *= (*this)[axis];
  return product;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (std::size_t i = 0; i < dims_.size(); ++i) {
    if (i > 0) text += ",";
    text += std::to_string(dims_[i]);
  }
  return text + "]";
}

std::optional<std::size_t> checked_bytes(DataType type, const Shape& shape) {
  const int bits = bits_per_element(type);
  if (bits == 0) return std::nullopt;
  std::int64_t elements = 1;
  bool empty = false;
  for (std::int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    empty |= dim == 0;
    if (dim > 0 && __builtin_mul_overflow(elements, dim, &elements)) return std::nullopt;
  }
  if (empty) return 0;
  std::int64_t total_bits = 0;
  if (__builtin_mul_overflow(elements, static_cast<std::int64_t>(bits), &total_bits) ||
      __builtin_add_overflow(total_bits, std::int64_t{7}, &total_bits)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(total_bits / 8);
}

const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "fp32";
    case Precision::kTF32:
      return "tf32";
    case Precision::kFloat16:
      return "fp16";
    case Precision::kBFloat16:
      return "bf16";
  }
  return "unknown";
}

const char* instruction_set_name(InstructionSet set) {
  switch (set) {
    case InstructionSet::kNative:
      return "native";
    case InstructionSet::kBaseline:
      return "baseline";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
  }
  return "unknown";
}

}  // namespace mini_infer::core
