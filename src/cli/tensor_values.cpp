#include "cli/tensor_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/float16.h"

namespace mini_infer::cli {
namespace {

using core::DataType;

double number(ops::Float16 value) { return ops::to_float(value); }
double number(ops::BFloat16 value) { return ops::to_float(value); }
template <typename T>
double number(T value) {
  return static_cast<double>(value);
}

template <typename T>
std::vector<double> convert(const core::Tensor& tensor) {
  const core::Tensor aligned = tensor.aligned();
  std::vector<double> values;
  values.reserve(aligned.as<T>().size());
  for (const T& element : aligned.as<T>()) values.push_back(number(element));
  return values;
}

}  // namespace

std::optional<std::vector<double>> to_doubles(const core::Tensor& tensor) {
  switch (tensor.type()) {
    case DataType::kFloat32:
      return convert<float>(tensor);
    case DataType::kFloat64:
      return convert<double>(tensor);
    case DataType::kFloat16:
      return convert<ops::Float16>(tensor);
    case DataType::kBFloat16:
      return convert<ops::BFloat16>(tensor);
    case DataType::kInt8:
      return convert<std::int8_t>(tensor);
    case DataType::kUInt8:
    case DataType::kBool:
      return convert<std::uint8_t>(tensor);
    case DataType::kInt16:
      return convert<std::int16_t>(tensor);
    case DataType::kUInt16:
      return convert<std::uint16_t>(tensor);
    case DataType::kInt32:
      return convert<std::int32_t>(tensor);
    case DataType::kUInt32:
      return convert<std::uint32_t>(tensor);
    case DataType::kInt64:
      return convert<std::int64_t>(tensor);
    case DataType::kUInt64:
      return convert<std::uint64_t>(tensor);
    default:
      return std::nullopt;
  }
}

std::optional<Statistics> statistics(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  Statistics result{.min = values.front(), .max = values.front(), .mean = 0};
  double sum = 0;
  for (double value : values) {
    result.min = std::min(result.min, value);
    result.max = std::max(result.max, value);
    sum += value;
  }
  result.mean = sum / static_cast<double>(values.size());
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    result = {kNan, kNan, kNan};
  }
  return result;
}

std::optional<std::vector<std::int64_t>> best_classes(const core::Tensor& tensor,
                                                      const std::vector<double>& values) {
  constexpr std::int64_t kMostClasses = 1000;
  if (!core::is_floating(tensor.type()) || tensor.shape().rank() != 2) return std::nullopt;
  const std::int64_t rows = tensor.shape()[0], classes = tensor.shape()[1];
  if (rows == 0 || classes < 2 || classes > kMostClasses) return std::nullopt;
  std::vector<std::int64_t> best;
  for (auto row = values.begin(); row != values.end(); row += classes) {
    best.push_back(std::max_element(row, row + classes) - row);
  }
  return best;
}

}  // namespace mini_infer::cli
