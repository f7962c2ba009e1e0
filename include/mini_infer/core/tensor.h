#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"

namespace mini_infer::core {

// A dense, row-major, immutable tensor on the host that shares its bytes: a mapped file, a buffer
// of its own, or anything `owner` keeps alive. Copying a Tensor copies no bytes. Little-endian;
// sub-byte elements are packed low nibble first, as ONNX stores them. Thread-safe to read.
class MINI_INFER_API Tensor {
 public:
  Tensor() = default;

  // A view of `bytes` that keeps `owner` alive. `bytes` must be exactly the size of type × shape
  // (an assertion: importers check before they call). `data` may be unaligned for its type.
  static Tensor view(DataType type, Shape shape, std::span<const std::byte> bytes,
                     std::shared_ptr<const void> owner);

  // A new 64-byte aligned buffer, zeroed. ERROR_INVALID_ARGUMENT for a shape without a size,
  // ERROR_OUT_OF_MEMORY when the host has no room.
  static Result<Tensor> allocate(DataType type, Shape shape);

  // A copy of `values` in a buffer of its own.
  template <typename T>
  static Tensor from(DataType type, Shape shape, std::span<const T> values) {
    return copy_of(type, std::move(shape), std::as_bytes(values));
  }
  static Tensor copy_of(DataType type, Shape shape, std::span<const std::byte> bytes);

  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::size_t size_bytes() const { return bytes_.size(); }
  std::int64_t elements() const { return shape_.elements(); }
  bool defined() const { return type_ != DataType::kUndefined; }

  // The bytes as T; the caller knows that T is the type. Aligned for T in a buffer made by
  // allocate() or copy_of(); a view into a file may not be (see aligned()).
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }

  // Writable bytes of a tensor fresh from allocate() that nobody else shares yet.
  std::span<std::byte> mutable_bytes();

  // This tensor, or a copy of it whose bytes are aligned for any element type.
  Tensor aligned() const;

  // The same bytes under another shape with as many elements.
  Tensor reshaped(Shape shape) const;

 private:
  DataType type_ = DataType::kUndefined;
  Shape shape_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

}  // namespace mini_infer::core
