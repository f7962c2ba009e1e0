#pragma once

#include <cstdint>
#include <exception>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/try.h"
#include "mini_infer/core/status.h"

namespace mini_infer::importers {

// The current field has another wire type than onnx.proto gives it.
struct WrongWireType : protozero::exception {
  const char* what() const noexcept override { return "a field has the wrong wire type"; }
};

// Walks the fields of one protobuf message. Each field must be taken by exactly one call below.
// Lengths and wire types are checked; a violation throws a protozero::exception, so use it inside
// read_fields().
class FieldReader {
 public:
  explicit FieldReader(std::string_view message) : reader_(message.data(), message.size()) {}

  bool next() { return reader_.next(); }
  std::uint32_t tag() const { return reader_.tag(); }

  void skip();
  std::int64_t get_int();  // int32, int64, enum
  float get_float();
  std::string_view get_bytes();  // string, bytes, message
  // The elements of a repeated number, packed or one per field, as they are on the wire.
  std::string_view get_repeated(protozero::pbf_wire_type element);
  void append_ints(std::vector<std::int64_t>& list);
  void append_floats(std::vector<float>& list);

 private:
  void expect(protozero::pbf_wire_type type) const;

  protozero::pbf_reader reader_;
};

[[nodiscard]] core::Status malformed(std::string_view message, const std::exception& reason);

// Calls `on_field` for every field of a message of type `message`, until one call fails. Bytes that
// are no protobuf become ERROR_INVALID_MODEL.
template <typename OnField>
[[nodiscard]] core::Status read_fields(std::string_view message, std::string_view bytes,
                                       OnField on_field) {
  try {
    FieldReader field(bytes);
    while (field.next()) MI_TRY(on_field(field));
  } catch (const protozero::exception& reason) {
    return malformed(message, reason);
  }
  return core::Status::SUCCESS;
}

// Adds an element to a repeated message field; an error says which element it is in.
template <typename Message>
[[nodiscard]] core::Status append(std::vector<Message>& list, const char* what,
                                  core::Result<Message> parsed) {
  if (!parsed.ok()) {
    return parsed.status().with_context(std::string(what) + " " + std::to_string(list.size()));
  }
  list.push_back(std::move(*parsed));
  return core::Status::SUCCESS;
}

}  // namespace mini_infer::importers
