#include "ops/scalar.h"

#include <cstring>

#include "ops/convert.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Status;

template <typename Wide, typename T>
Scalar read(const core::Tensor& tensor) {
  T value;
  std::memcpy(&value, tensor.bytes().data(), sizeof value);
  return convert<Wide>(value);
}

}  // namespace

core::Result<Scalar> scalar(const NodeView& view, int slot) {
  const std::string which = "input " + std::to_string(slot);
  if (!view.has_input(slot)) return view.fail(which + " is missing");
  const core::Tensor* tensor = view.constant(slot);
  if (tensor == nullptr) {
    return view.fail(Status::ERROR_UNSUPPORTED,
                     "the value of " + which + " must be known before planning");
  }
  if (tensor->elements() != 1) {
    return view.fail(which + ": expected one element, found " + tensor->shape().to_string());
  }
  switch (tensor->type()) {
    case DataType::kFloat32:
      return read<double, float>(*tensor);
    case DataType::kFloat64:
      return read<double, double>(*tensor);
    case DataType::kFloat16:
      return read<double, Float16>(*tensor);
    case DataType::kBFloat16:
      return read<double, BFloat16>(*tensor);
    case DataType::kInt8:
      return read<std::int64_t, std::int8_t>(*tensor);
    case DataType::kInt16:
      return read<std::int64_t, std::int16_t>(*tensor);
    case DataType::kInt32:
      return read<std::int64_t, std::int32_t>(*tensor);
    case DataType::kInt64:
      return read<std::int64_t, std::int64_t>(*tensor);
    case DataType::kUInt8:
      return read<std::int64_t, std::uint8_t>(*tensor);
    case DataType::kUInt16:
      return read<std::int64_t, std::uint16_t>(*tensor);
    case DataType::kUInt32:
      return read<std::int64_t, std::uint32_t>(*tensor);
    default:
      return view.unsupported_type(tensor->type());
  }
}

core::Result<std::int64_t> whole_scalar(const NodeView& view, int slot) {
  MI_ASSIGN(const Scalar value, scalar(view, slot));
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  const double real = std::get<double>(value);
  constexpr double kLimit = 0x1p63;
  if (!(real > -kLimit && real < kLimit)) {
    return view.fail("input " + std::to_string(slot) + " is " + std::to_string(real) +
                     ", which is no count");
  }
  return static_cast<std::int64_t>(real);
}

core::Result<double> real_scalar(const NodeView& view, int slot) {
  MI_ASSIGN(const Scalar value, scalar(view, slot));
  return std::visit([](auto number) { return static_cast<double>(number); }, value);
}

}  // namespace mini_infer::ops
