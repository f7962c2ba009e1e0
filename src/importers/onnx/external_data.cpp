#include "importers/onnx/external_data.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "core/try.h"

namespace mini_infer::importers {
namespace {

using core::Status;

struct Place {
  std::string_view location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

Status invalid(const std::string& message) { return {Status::ERROR_INVALID_MODEL, message}; }

core::Result<std::uint64_t> parse_number(std::string_view key, std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stop != end) {
    return invalid("external data " + std::string(key) + " '" + std::string(text) +
                   "' is not a number of bytes");
  }
  return number;
}

core::Result<Place> parse_place(const std::vector<TensorMessage::Entry>& entries) {
  Place place;
  for (const auto& [key, text] : entries) {
    if (key == "location") {
      place.location = text;
    } else if (key == "offset") {
      MI_ASSIGN(place.offset, parse_number(key, text));
    } else if (key == "length") {
      MI_ASSIGN(place.length, parse_number(key, text));
    }
  }
  return place;
}

}  // namespace

core::Result<Region> ExternalData::whole(std::string_view location) {
  if (auto known = read_already_.find(location); known != read_already_.end()) {
    return known->second;
  }
  MI_ASSIGN(Region bytes, read_(location));
  read_already_.emplace(location, bytes);
  return bytes;
}

core::Result<Region> ExternalData::find(const std::vector<TensorMessage::Entry>& entries,
                                        std::size_t size) {
  MI_ASSIGN(const Place place, parse_place(entries));
  if (place.length && *place.length != size) {
    return invalid("external data holds " + std::to_string(*place.length) +
                   " bytes, its type and dims need " + std::to_string(size));
  }
  MI_ASSIGN(Region file, whole(place.location));
  const std::span<const std::byte> bytes = file.bytes;
  if (place.offset > bytes.size() || size > bytes.size() - place.offset) {
    return invalid("external data of " + std::to_string(size) + " bytes at offset " +
                   std::to_string(place.offset) + " ends beyond '" + std::string(place.location) +
                   "', which has " + std::to_string(bytes.size()) + " bytes");
  }
  return Region{bytes.subspan(place.offset, size), std::move(file.owner)};
}

}  // namespace mini_infer::importers
