#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mini_infer/core/export.h"

namespace mini_infer::report {

// A JSON value that keeps its keys in the order they were set, so that equal content is equal text.
// The library behind it is heavy and stays behind json.cpp.
class MINI_INFER_API Json {
 public:
  static Json object();
  static Json array();
  static Json null();

  Json(bool value);              // NOLINT(google-explicit-constructor)
  Json(double value);            // NOLINT(google-explicit-constructor)
  Json(const char* value);       // NOLINT(google-explicit-constructor)
  Json(const std::string& text)  // NOLINT(google-explicit-constructor)
      : Json(std::string_view(text)) {}
  Json(std::string_view value);  // NOLINT(google-explicit-constructor)
  template <std::integral T>     // NOLINTNEXTLINE(google-explicit-constructor)
  Json(T value) : Json(Integer{static_cast<std::int64_t>(value)}) {}

  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(Json other) noexcept;
  ~Json();

  // Sets a key of an object; returns the object.
  Json& set(std::string_view key, Json value);
  // Appends to an array; returns the array.
  Json& add(Json value);

  // Indented by two spaces, without a newline at the end. A number that is not finite becomes null;
  // bytes that are not UTF-8 become U+FFFD.
  std::string dump() const;

 private:
  struct Integer {
    std::int64_t value;
  };
  struct Value;
  explicit Json(Integer value);
  explicit Json(std::unique_ptr<Value> value);
  std::unique_ptr<Value> value_;
};

// An array of anything that Json can be made of.
template <typename Range>
Json json_array(const Range& items) {
  Json array = Json::array();
  for (const auto& item : items) array.add(item);
  return array;
}

}  // namespace mini_infer::report
