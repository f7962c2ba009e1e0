#include "importers/onnx/element_type.h"

namespace mini_infer::importers {

std::optional<core::DataType> element_type(std::int64_t number) {
  if (number < static_cast<std::int64_t>(core::DataType::kFloat32) ||
      number > static_cast<std::int64_t>(core::DataType::kInt2)) {
    return std::nullopt;
  }
  return static_cast<core::DataType>(number);
}

std::string element_type_name(std::int64_t number) {
  const auto type = element_type(number);
  if (!type) return "type " + std::to_string(number);
  if (*type == core::DataType::kFloat32) return "float";
  if (*type == core::DataType::kFloat64) return "double";
  return core::type_name(*type);
}

}  // namespace mini_infer::importers
