#include "report/json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace mini_infer::report {

struct Json::Value {
  nlohmann::ordered_json data;
};

Json::Json(std::unique_ptr<Value> value) : value_(std::move(value)) {}
Json::Json(bool value) : value_(std::make_unique<Value>(Value{value})) {}
Json::Json(double value) : value_(std::make_unique<Value>(Value{value})) {}
Json::Json(const char* value) : Json(std::string_view(value)) {}
Json::Json(std::string_view value) : value_(std::make_unique<Value>(Value{value})) {}
Json::Json(Integer value) : value_(std::make_unique<Value>(Value{value.value})) {}
Json::Json(const Json& other) : value_(std::make_unique<Value>(*other.value_)) {}
Json::Json(Json&& other) noexcept = default;
Json::~Json() = default;

Json& Json::operator=(Json other) noexcept {
  std::swap(value_, other.value_);
  return *this;
}

Json Json::object() {
  return Json(std::make_unique<Value>(Value{nlohmann::ordered_json::object()}));
}

Json Json::array() { return Json(std::make_unique<Value>(Value{nlohmann::ordered_json::array()})); }

Json Json::null() { return Json(std::make_unique<Value>()); }

Json& Json::set(std::string_view key, Json value) {
  value_->data[std::string(key)] = std::move(value.value_->data);
  return *this;
}

Json& Json::add(Json value) {
  value_->data.push_back(std::move(value.value_->data));
  return *this;
}

std::string Json::dump() const {
  using Handler = nlohmann::ordered_json::error_handler_t;
  return value_->data.dump(2, ' ', false, Handler::replace);
}

}  // namespace mini_infer::report
