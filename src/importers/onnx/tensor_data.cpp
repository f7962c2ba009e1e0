#include "importers/onnx/tensor_data.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <protozero/varint.hpp>
#include <string>

#include "core/try.h"
#include "importers/bool_bytes.h"
#include "importers/onnx/element_type.h"
#include "importers/onnx/fields.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

static_assert(std::endian::native == std::endian::little, "files are read as they are in memory");

// numpy's own bound; no operator of the standard comes near it.
constexpr std::size_t kMaxRank = 64;

Status invalid(const std::string& message) { return {Status::ERROR_INVALID_MODEL, message}; }

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// What type × dims ask for.
struct Layout {
  DataType type = DataType::kUndefined;
  core::Shape shape;
  std::size_t bytes = 0;

  std::string text() const { return core::type_name(type) + shape.to_string(); }
};

core::Result<Layout> layout_of(const TensorMessage& message) {
  const auto type = element_type(message.data_type);
  if (!type) return invalid("has element type " + std::to_string(message.data_type));
  if (*type == DataType::kString) {
    return {Status::ERROR_UNSUPPORTED, "holds strings, which have no fixed size in memory"};
  }
  if (message.has_segment) {
    return {Status::ERROR_UNSUPPORTED, "is split into segments"};
  }
  if (message.dims.size() > kMaxRank) {
    return {Status::ERROR_UNSUPPORTED, "has " + std::to_string(message.dims.size()) +
                                           " dims; at most " + std::to_string(kMaxRank) +
                                           " are supported"};
  }
  Layout result{*type, core::Shape(message.dims), 0};
  const auto bytes = core::checked_bytes(result.type, result.shape);
  if (!bytes) {
    return invalid(result.text() + " is negative or larger than any memory");
  }
  result.bytes = *bytes;
  return result;
}

// The typed data field that the standard puts elements of `type` into.
std::uint32_t field_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kComplex64:
      return fields::tensor::kFloatData;
    case DataType::kFloat64:
    case DataType::kComplex128:
      return fields::tensor::kDoubleData;
    case DataType::kInt64:
      return fields::tensor::kInt64Data;
    case DataType::kUInt32:
    case DataType::kUInt64:
      return fields::tensor::kUint64Data;
    default:
      return fields::tensor::kInt32Data;
  }
}

const char* field_name(std::uint32_t field) {
  switch (field) {
    case fields::tensor::kFloatData:
      return "float_data";
    case fields::tensor::kDoubleData:
      return "double_data";
    case fields::tensor::kInt64Data:
      return "int64_data";
    case fields::tensor::kUint64Data:
      return "uint64_data";
    default:
      return "int32_data";
  }
}

Status size_mismatch(const Layout& layout, std::size_t found, const std::string& unit) {
  return invalid(layout.text() + " needs " + std::to_string(layout.bytes) + " bytes but holds " +
                 std::to_string(found) + " " + unit);
}

core::Result<Tensor> view_of(const Layout& layout, std::span<const std::byte> bytes,
                             std::shared_ptr<const void> owner) {
  if (bytes.size() != layout.bytes) return size_mismatch(layout, bytes.size(), "bytes");
  return Tensor::view(layout.type, layout.shape, bytes, std::move(owner));
}

// float_data and double_data: the wire is the memory.
core::Result<Tensor> join(const Layout& layout, const std::vector<TensorMessage::Piece>& pieces,
                          const std::shared_ptr<const void>& owner) {
  if (pieces.size() == 1) return view_of(layout, as_bytes(pieces.front().bytes), owner);
  std::size_t total = 0;
  for (const auto& piece : pieces) total += piece.bytes.size();
  if (total != layout.bytes) return size_mismatch(layout, total, "bytes");
  MI_ASSIGN(Tensor tensor, Tensor::allocate(layout.type, layout.shape));
  std::byte* out = tensor.mutable_bytes().data();
  for (const auto& piece : pieces) {
    out = std::copy_n(as_bytes(piece.bytes).data(), piece.bytes.size(), out);
  }
  return tensor;
}

// Whether the low `width` bytes say it all. Both signs are let through: writers differ on whether
// the bits of a float16 or an int8 are signed here.
bool fits(std::uint64_t varint, std::size_t width) {
  if (width >= sizeof(std::int32_t)) return true;
  const auto value = static_cast<std::int64_t>(varint);
  const std::int64_t range = std::int64_t{1} << (8 * width);
  return value >= -range / 2 && value < range;
}

Status decode_varints(const std::vector<TensorMessage::Piece>& pieces, std::size_t width,
                      const Layout& layout, std::span<std::byte> out) {
  std::size_t filled = 0;
  try {
    for (const auto& piece : pieces) {
      const char* cursor = piece.bytes.data();
      const char* end = cursor + piece.bytes.size();
      while (cursor != end) {
        if (filled == out.size()) return invalid(layout.text() + " holds too many elements");
        const std::uint64_t value = protozero::decode_varint(&cursor, end);
        if (!fits(value, width)) {
          return invalid(layout.text() + " holds " +
                         std::to_string(static_cast<std::int64_t>(value)));
        }
        std::memcpy(out.data() + filled, &value, width);
        filled += width;
      }
    }
  } catch (const protozero::exception& reason) {
    return malformed("TensorProto", reason);
  }
  if (filled != out.size()) return size_mismatch(layout, filled, "bytes");
  return Status::SUCCESS;
}

// int32_data, int64_data, uint64_data: one varint per element, or per byte of packed elements.
core::Result<Tensor> decode(const Layout& layout, const std::vector<TensorMessage::Piece>& pieces) {
  const auto width = static_cast<std::size_t>(std::max(core::bits_per_element(layout.type), 8)) / 8;
  std::size_t wire_bytes = 0;
  for (const auto& piece : pieces) wire_bytes += piece.bytes.size();
  // A varint has at least a byte, so a small file cannot ask for a huge buffer.
  if (layout.bytes / width > wire_bytes) {
    return size_mismatch(layout, wire_bytes, "encoded bytes");
  }
  MI_ASSIGN(Tensor tensor, Tensor::allocate(layout.type, layout.shape));
  MI_TRY(decode_varints(pieces, width, layout, tensor.mutable_bytes()));
  return tensor;
}

core::Result<Tensor> from_pieces(const TensorMessage& message, const Layout& layout,
                                 const std::shared_ptr<const void>& owner) {
  const std::uint32_t field = field_of(layout.type);
  std::vector<TensorMessage::Piece> pieces;
  for (const auto& piece : message.pieces) {
    if (piece.bytes.empty()) continue;
    if (piece.field != field) {
      return invalid(layout.text() + " keeps its elements in " + field_name(field) + ", but " +
                     field_name(piece.field) + " is filled");
    }
    pieces.push_back(piece);
  }
  const bool is_fixed = field == fields::tensor::kFloatData || field == fields::tensor::kDoubleData;
  return is_fixed ? join(layout, pieces, owner) : decode(layout, pieces);
}

core::Result<Tensor> read_data(const TensorMessage& message, const TensorSource& source) {
  MI_ASSIGN(const Layout layout, layout_of(message));
  if (message.is_external) {
    if (source.external == nullptr) {
      return {Status::ERROR_UNSUPPORTED, "keeps its bytes in another file"};
    }
    MI_ASSIGN(Region region, source.external->find(message.external_data, layout.bytes));
    return view_of(layout, region.bytes, std::move(region.owner));
  }
  const bool has_pieces = std::any_of(message.pieces.begin(), message.pieces.end(),
                                      [](const auto& piece) { return !piece.bytes.empty(); });
  if (!message.raw || (message.raw->empty() && has_pieces)) {
    return from_pieces(message, layout, source.owner);
  }
  if (has_pieces) return invalid("holds both raw_data and typed data");
  return view_of(layout, as_bytes(*message.raw), source.owner);
}

}  // namespace

core::Result<Tensor> make_tensor(const TensorMessage& message, const TensorSource& source) {
  auto tensor = read_data(message, source);
  Status status = tensor.status();
  if (tensor.ok() && tensor->type() == DataType::kBool && !are_bools(tensor->bytes())) {
    status = invalid("holds a bool that is neither 0 nor 1");
  }
  if (status.ok()) return tensor;
  const std::string name(message.name);
  return status.with_context(name.empty() ? "a tensor" : "tensor '" + name + "'");
}

}  // namespace mini_infer::importers
