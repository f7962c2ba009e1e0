#include "importers/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "core/try.h"
#include "importers/bool_bytes.h"

namespace mini_infer::importers {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // of the data, which numpy's own files keep too
constexpr int kMaxRank = 64;            // numpy's own bound

struct NumpyType {
  std::string_view code;
  DataType type;
};
constexpr std::array<NumpyType, 14> kTypes = {{
    {"f4", DataType::kFloat32},
    {"f8", DataType::kFloat64},
    {"f2", DataType::kFloat16},
    {"i1", DataType::kInt8},
    {"i2", DataType::kInt16},
    {"i4", DataType::kInt32},
    {"i8", DataType::kInt64},
    {"u1", DataType::kUInt8},
    {"u2", DataType::kUInt16},
    {"u4", DataType::kUInt32},
    {"u8", DataType::kUInt64},
    {"b1", DataType::kBool},
    {"c8", DataType::kComplex64},
    {"c16", DataType::kComplex128},
}};

Status invalid(const std::string& message) { return {Status::ERROR_INVALID_ARGUMENT, message}; }

struct Header {
  std::optional<std::string_view> descr;
  std::optional<bool> is_fortran;
  std::optional<std::vector<std::int64_t>> shape;
};

// Reads the literal of a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (3,), }.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  core::Result<Header> parse() {
    Header header;
    if (!take("{")) return fail();
    while (!take("}")) {
      const auto key = string();
      if (!key || !take(":")) return fail();
      // Structured types are lists and have no single type.
      if (*key == "descr" && peek('[')) {
        return {Status::ERROR_UNSUPPORTED, "the array has a structured type"};
      }
      if (!read_value(*key, header) || (!take(",") && !peek('}'))) return fail();
    }
    if (!header.descr || !header.is_fortran || !header.shape) return fail();
    return header;
  }

 private:
  static Status fail() { return invalid("the .npy header is not what numpy writes"); }

  bool read_value(std::string_view key, Header& header) {
    if (key == "descr") return (header.descr = string()).has_value();
    if (key == "fortran_order") return (header.is_fortran = boolean()).has_value();
    if (key == "shape") return (header.shape = tuple()).has_value();
    return false;
  }

  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
  }
  bool peek(char expected) {
    skip_spaces();
    return !rest_.empty() && rest_.front() == expected;
  }
  bool take(std::string_view expected) {
    skip_spaces();
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  std::optional<std::string_view> string() {
    const char quote = peek('"') ? '"' : '\'';
    if (!peek(quote)) return std::nullopt;
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::optional<bool> boolean() {
    if (take("True")) return true;
    if (take("False")) return false;
    return std::nullopt;
  }
  std::optional<std::vector<std::int64_t>> tuple() {
    std::vector<std::int64_t> numbers;
    if (!take("(")) return std::nullopt;
    while (!take(")")) {
      skip_spaces();
      std::int64_t number = 0;
      const auto [stop, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
      if (error != std::errc{}) return std::nullopt;
      rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
      numbers.push_back(number);
      if (!take(",") && !peek(')')) return std::nullopt;
    }
    return numbers;
  }

  std::string_view rest_;
};

core::Result<DataType> data_type(std::string_view descr) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const NumpyType& type) {
    return !descr.empty() && descr.substr(1) == type.code;
  });
  const bool is_byte = descr.ends_with("1");
  const bool is_little = descr.starts_with("<") || (is_byte && descr.starts_with("|"));
  if (found != kTypes.end() && is_little) return found->type;
  return {Status::ERROR_UNSUPPORTED, "the array has type '" + std::string(descr) +
                                         "'; little-endian numbers and bools are supported"};
}

// Elements of `width` bytes from the first axis fastest to the last axis fastest.
void reorder(const core::Shape& shape, std::size_t width, const std::byte* in, std::byte* out) {
  const int rank = shape.rank();
  std::vector<std::size_t> stride(static_cast<std::size_t>(rank));
  std::vector<std::int64_t> index(static_cast<std::size_t>(rank), 0);
  std::size_t step = width;
  for (int axis = 0; axis < rank; ++axis) {
    stride[static_cast<std::size_t>(axis)] = step;
    step *= static_cast<std::size_t>(shape[axis]);
  }
  for (std::int64_t left = shape.elements(); left > 0; --left) {
    out = std::copy_n(in, width, out);
    for (int axis = rank - 1; axis >= 0; --axis) {
      const auto at = static_cast<std::size_t>(axis);
      in += stride[at];
      if (++index[at] < shape[axis]) break;
      in -= stride[at] * static_cast<std::size_t>(shape[axis]);
      index[at] = 0;
    }
  }
}

core::Result<Tensor> make_array(const Header& header, const Region& data) {
  MI_ASSIGN(const DataType type, data_type(*header.descr));
  core::Shape shape(*header.shape);
  if (shape.rank() > kMaxRank) {
    return invalid("the array has " + std::to_string(shape.rank()) + " dims");
  }
  const auto bytes = core::checked_bytes(type, shape);
  if (bytes != data.bytes.size()) {
    return invalid(std::string(core::type_name(type)) + shape.to_string() + " does not match its " +
                   std::to_string(data.bytes.size()) + " bytes");
  }
  if (type == DataType::kBool && !are_bools(data.bytes)) {
    return invalid("a bool is neither 0 nor 1");
  }
  if (!*header.is_fortran || shape.rank() < 2) {
    return Tensor::view(type, std::move(shape), data.bytes, data.owner);
  }
  MI_ASSIGN(Tensor tensor, Tensor::allocate(type, std::move(shape)));
  reorder(tensor.shape(), static_cast<std::size_t>(core::bits_per_element(type)) / 8,
          data.bytes.data(), tensor.mutable_bytes().data());
  return tensor;
}

}  // namespace

core::Result<Tensor> parse_npy(const Region& file) {
  const std::string_view text(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  constexpr std::size_t kVersionAt = kMagic.size();
  constexpr std::size_t kLengthAt = kVersionAt + 2;
  if (!text.starts_with(kMagic) || text.size() < kLengthAt) return invalid("no .npy array");
  const char version = text[kVersionAt];
  if (version < 1 || version > 3) {
    return {Status::ERROR_UNSUPPORTED, ".npy version " + std::to_string(version)};
  }
  std::uint32_t length = 0;
  const std::size_t length_size = version == 1 ? 2 : 4;
  const std::size_t header_at = kLengthAt + length_size;
  if (text.size() < header_at) return invalid("the .npy header is cut short");
  std::memcpy(&length, text.data() + kLengthAt, length_size);
  if (length > text.size() - header_at) return invalid("the .npy header is cut short");
  MI_ASSIGN(const Header header, HeaderParser(text.substr(header_at, length)).parse());
  return make_array(header, {file.bytes.subspan(header_at + length), file.owner});
}

core::Result<std::string> npy_header(const Tensor& tensor) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const NumpyType& type) {
    return type.type == tensor.type();
  });
  if (found == kTypes.end()) {
    return {Status::ERROR_UNSUPPORTED,
            std::string("numpy has no type for ") + core::type_name(tensor.type())};
  }
  const char order = core::bits_per_element(tensor.type()) == 8 ? '|' : '<';
  std::string dict = std::string("{'descr': '") + order + std::string(found->code) +
                     "', 'fortran_order': False, 'shape': (";
  for (std::int64_t extent : tensor.shape()) dict += std::to_string(extent) + ", ";
  dict += "), }";
  const std::size_t used = kMagic.size() + 4 + dict.size() + 1;
  dict.append(core::align_up(used, kAlignment) - used, ' ');
  dict += '\n';
  const auto length = static_cast<std::uint16_t>(dict.size());
  if (length != dict.size()) return invalid("a shape of so many dims does not fit a .npy header");
  return std::string(kMagic) + '\x01' + '\x00' + static_cast<char>(length & 0xff) +
         static_cast<char>(length >> 8) + dict;
}

}  // namespace mini_infer::importers
