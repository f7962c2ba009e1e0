#include "cli/buffer_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/buffer_fields.h"
#include "core/try.h"
#include "report/json.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using nlohmann::json;
using std::to_string;

Status wrong(const std::string& what) { return {Status::ERROR_INVALID_ARGUMENT, what}; }

// Short, whatever it is: a value may be huge, and dump() recurses as deep as it is nested.
std::string found(const json& value) {
  constexpr std::size_t kLongest = 80;
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  std::string text = value.dump(-1, ' ', true);  // ASCII, so that a cut splits no character
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

core::Result<std::int64_t> number(const json& value) {
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
  if (fits) return value.get<std::int64_t>();
  return wrong("expected a whole number of 64 bits, found " + found(value));
}

Status parse_buffer(const json& object, BufferFile& file) {
  if (!object.is_object()) return wrong("expected an object, found " + found(object));
  BufferFields fields;
  std::array<bool, kBufferFields.size()> is_set = {};
  for (const auto& [key, value] : object.items()) {
    const auto name = field_name(key);
    if (!name) {
      return wrong("there is no key '" + key +
                   "'; keys are id, lower, upper, size, alignment, offset");
    }
    if (std::exchange(is_set[static_cast<std::size_t>(name->field)], true)) {
      return wrong("key '" + key + "': there is another one for '" +
                   std::string(name_of(name->field)) + "'");
    }
    if (name->field == BufferField::kId) {
      if (!value.is_string() && !value.is_number_integer()) {
        return wrong("key 'id': expected a text or a whole number, found " + found(value));
      }
      file.ids.push_back(value.is_string() ? value.get<std::string>() : value.dump());
      continue;
    }
    if (name->field == BufferField::kOffset && value.is_null()) continue;
    const auto parsed = number(value);
    if (!parsed.ok()) return parsed.status().with_context("key '" + key + "'");
    fields.set(*name, *parsed);
  }
  for (BufferField needed :
       {BufferField::kId, BufferField::kLower, BufferField::kUpper, BufferField::kSize}) {
    if (is_set[static_cast<std::size_t>(needed)]) continue;
    return wrong("key '" + std::string(name_of(needed)) + "' is missing");
  }
  MI_ASSIGN(planner::Buffer buffer, to_buffer(fields));
  file.problem.buffers.push_back(buffer);
  return Status::SUCCESS;
}

}  // namespace

Status parse_json(std::string_view text, BufferFile& file) try {
  const json document = json::parse(text);
  const bool has_buffers =
      document.is_object() && document.contains("buffers") && document.at("buffers").is_array();
  if (!has_buffers) {
    return wrong(file.path +
                 ": expected an object with an array 'buffers', as in "
                 R"({"buffers": [{"id": "a", "lower": 0, "upper": 2, "size": 64}]})");
  }
  for (const json& object : document.at("buffers")) {
    const std::size_t row = file.rows.size() + 1;
    MI_TRY(parse_buffer(object, file).with_context(file.path + ": buffer " + to_string(row)));
    file.rows.push_back(row);
  }
  return Status::SUCCESS;
} catch (const json::parse_error& error) {
  return wrong(file.path + ": it is no JSON from byte " + to_string(error.byte) + " on");
} catch (const json::exception&) {
  return wrong(file.path + ": a number in it is out of range");
}

std::string to_json(const BufferFile& file, const std::vector<std::int64_t>& offsets) {
  report::Json buffers = report::Json::array();
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const planner::Buffer& buffer = file.problem.buffers[i];
    report::Json object = report::Json::object();
    object.set("id", file.ids[i])
        .set("lower", buffer.first)
        .set("upper", std::int64_t{buffer.last} + 1)
        .set("size", buffer.size);
    if (buffer.alignment != 1) object.set("alignment", buffer.alignment);
    buffers.add(object.set("offset", offsets[i]));
  }
  return report::Json::object().set("buffers", buffers).dump() + "\n";
}

}  // namespace mini_infer::cli
