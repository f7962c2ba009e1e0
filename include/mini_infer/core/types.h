#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "mini_infer/core/export.h"

namespace mini_infer::core {

// Every tensor element type of the ONNX standard, with the standard's numbers
// (onnx.proto, TensorProto.DataType). All can be held; kernels exist for some.
enum class DataType : std::int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUInt8 = 2,
  kInt8 = 3,
  kUInt16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUInt32 = 12,
  kUInt64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBFloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUInt4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUInt2 = 25,
  kInt2 = 26,
};

// "float32", "int64", ...; "undefined" for a number the standard does not have.
MINI_INFER_API const char* type_name(DataType type);

// Bits of one element: 32 for float32, 4 for int4, 0 for strings and unknown numbers.
MINI_INFER_API int bits_per_element(DataType type);

MINI_INFER_API bool is_floating(DataType type);
MINI_INFER_API bool is_integer(DataType type);

// What a model's float32 tensors are stored and multiplied as. Sums are float32 in any case;
// inputs, outputs and tensors of other types stay what they are.
enum class Precision {
  kFloat32,   // exactly as the model says
  kTF32,      // stored as float32; a GPU's products may round their factors to 10 bits of mantissa
  kFloat16,   // stored and multiplied as float16; constants beyond its range become its largest
  kBFloat16,  // stored and multiplied as bfloat16
};

inline constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kTF32,
                                            Precision::kFloat16, Precision::kBFloat16};

// "fp32", "tf32", "fp16", "bf16".
MINI_INFER_API const char* precision_name(Precision precision);

// Extents, outermost first, in elements. An empty list is a scalar (one element); a zero extent is
// legal (no element). Extents of a Shape are known: an unknown one is never given a default.
class MINI_INFER_API Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return dims_[static_cast<std::size_t>(axis)]; }
  const std::vector<std::int64_t>& dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }

  // Number of elements: the product of the extents, 1 for a scalar. Assumes checked extents
  // (see checked_bytes).
  std::int64_t elements() const;

  // Product of the extents in [first, last).
  std::int64_t elements(int first, int last) const;

  // "[1,3,224,224]".
  std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b) { return a.dims_ == b.dims_; }
  friend bool operator!=(const Shape& a, const Shape& b) { return a.dims_ != b.dims_; }

 private:
  std::vector<std::int64_t> dims_;
};

// Bytes of a dense tensor (sub-byte elements packed, the last byte filled up). nullopt when an
// extent is negative, the product leaves the range of int64, or the type has no size.
MINI_INFER_API std::optional<std::size_t> checked_bytes(DataType type, const Shape& shape);

// Where the engine runs.
enum class Device { kCpu, kCuda };

// What the CPU's kernels may use. kNative: the best that this machine has; kBaseline: what every
// machine of the architecture has (x86-64: SSE2); kAvx2 with FMA; kAvx512 with F, BW, CD, DQ, VL.
enum class InstructionSet { kNative, kBaseline, kAvx2, kAvx512 };

// "avx2".
MINI_INFER_API const char* instruction_set_name(InstructionSet set);

// `bytes` rounded up to a multiple of `alignment`, a power of two.
constexpr std::size_t align_up(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

}  // namespace mini_infer::core
