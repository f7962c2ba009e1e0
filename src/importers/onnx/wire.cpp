#include "importers/onnx/wire.h"

#include <cstring>
#include <limits>
#include <protozero/varint.hpp>

namespace mini_infer::importers {

using protozero::pbf_wire_type;

void FieldReader::expect(pbf_wire_type type) const {
  if (!reader_.has_wire_type(type)) throw WrongWireType{};
}

void FieldReader::skip() {
  if (reader_.has_wire_type(pbf_wire_type::length_delimited)) {
    get_bytes();
  } else {
    reader_.skip();
  }
}

std::int64_t FieldReader::get_int() {
  expect(pbf_wire_type::varint);
  return reader_.get_int64();
}

float FieldReader::get_float() {
  expect(pbf_wire_type::fixed32);
  return reader_.get_float();
}

std::string_view FieldReader::get_bytes() {
  expect(pbf_wire_type::length_delimited);
  // protozero keeps 32 bits of a length, so that 4 GiB + 1 would read as 1.
  const protozero::data_view rest = reader_.data();
  const char* cursor = rest.data();
  if (protozero::decode_varint(&cursor, rest.data() + rest.size()) >
      std::numeric_limits<protozero::pbf_length_type>::max()) {
    throw protozero::invalid_length_exception{};
  }
  const protozero::data_view view = reader_.get_view();
  return {view.data(), view.size()};
}

std::string_view FieldReader::get_repeated(pbf_wire_type element) {
  if (reader_.has_wire_type(pbf_wire_type::length_delimited)) return get_bytes();
  expect(element);
  const char* begin = reader_.data().data();
  reader_.skip();
  return {begin, static_cast<std::size_t>(reader_.data().data() - begin)};
}

void FieldReader::append_ints(std::vector<std::int64_t>& list) {
  const std::string_view bytes = get_repeated(pbf_wire_type::varint);
  const char* cursor = bytes.data();
  const char* end = cursor + bytes.size();
  while (cursor != end) {
    list.push_back(static_cast<std::int64_t>(protozero::decode_varint(&cursor, end)));
  }
}

void FieldReader::append_floats(std::vector<float>& list) {
  const std::string_view bytes = get_repeated(pbf_wire_type::fixed32);
  if (bytes.size() % sizeof(float) != 0) throw protozero::invalid_length_exception{};
  const std::size_t old_size = list.size();
  list.resize(old_size + bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(list.data() + old_size, bytes.data(), bytes.size());
}

namespace {

template <typename Exception>
bool is(const std::exception& reason) {
  return dynamic_cast<const Exception*>(&reason) != nullptr;
}

// In words of the format, not of the library that reads it.
std::string what_is_wrong(const std::exception& reason) {
  if (is<protozero::end_of_buffer_exception>(reason)) return "it ends inside a field";
  if (is<protozero::unknown_pbf_wire_type_exception>(reason)) {
    return "a field has a wire type that there is none of";
  }
  if (is<protozero::varint_too_long_exception>(reason)) return "a number has more than 64 bits";
  if (is<protozero::invalid_tag_exception>(reason)) return "a field has a number out of range";
  if (is<protozero::invalid_length_exception>(reason)) {
    return "a field or a list has a length that does not fit what it holds";
  }
  return reason.what();  // our own
}

}  // namespace

core::Status malformed(std::string_view message, const std::exception& reason) {
  return {core::Status::ERROR_INVALID_MODEL,
          std::string(message) + " is malformed or cut short (" + what_is_wrong(reason) + ")"};
}

}  // namespace mini_infer::importers
