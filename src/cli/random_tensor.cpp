#include "cli/random_tensor.h"

#include <cstring>
#include <random>

#include "core/try.h"
#include "ops/float16.h"

namespace mini_infer::cli {
namespace {

using core::DataType;
using core::Status;
// Its numbers are the standard's, unlike those of the distributions.
using Generator = std::mt19937_64;

// 24 bits, so that the number is the same in float and double.
float unit_float(Generator& generator) {
  return static_cast<float>(generator() >> 40) / static_cast<float>(1 << 24);
}

template <typename T, typename Draw>
void fill(core::Tensor& tensor, Generator& generator, Draw draw) {
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    const T value = draw(generator);
    std::memcpy(bytes.data() + at, &value, sizeof(T));
  }
}

template <typename T>
T bit(Generator& generator) {
  return static_cast<T>(generator() >> 63);
}

Status fill(core::Tensor& tensor, Generator& generator) {
  switch (tensor.type()) {
    case DataType::kFloat32:
      fill<float>(tensor, generator, unit_float);
      return Status::SUCCESS;
    case DataType::kFloat64:
      fill<double>(tensor, generator, unit_float);
      return Status::SUCCESS;
    case DataType::kFloat16:
      fill<ops::Float16>(tensor, generator,
                         [](Generator& from) { return ops::to_float16(unit_float(from)); });
      return Status::SUCCESS;
    case DataType::kBFloat16:
      fill<ops::BFloat16>(tensor, generator,
                          [](Generator& from) { return ops::to_bfloat16(unit_float(from)); });
      return Status::SUCCESS;
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kUInt8:
      fill<std::uint8_t>(tensor, generator, bit<std::uint8_t>);
      return Status::SUCCESS;
    case DataType::kInt16:
    case DataType::kUInt16:
      fill<std::uint16_t>(tensor, generator, bit<std::uint16_t>);
      return Status::SUCCESS;
    case DataType::kInt32:
    case DataType::kUInt32:
      fill<std::uint32_t>(tensor, generator, bit<std::uint32_t>);
      return Status::SUCCESS;
    case DataType::kInt64:
    case DataType::kUInt64:
      fill<std::uint64_t>(tensor, generator, bit<std::uint64_t>);
      return Status::SUCCESS;
    default:
      return {Status::ERROR_UNSUPPORTED,
              std::string("no random values for ") + core::type_name(tensor.type())};
  }
}

}  // namespace

Status add_random_inputs(const runtime::Engine& engine, std::uint64_t seed, Tensors& tensors) {
  Generator generator(seed);
  for (const runtime::TensorInfo& input : engine.inputs()) {
    if (tensors.contains(input.name)) continue;
    MI_ASSIGN(core::Tensor tensor, core::Tensor::allocate(input.type, input.shape));
    MI_TRY(fill(tensor, generator).with_context("input '" + input.name + "'"));
    tensors.emplace(input.name, std::move(tensor));
  }
  return Status::SUCCESS;
}

}  // namespace mini_infer::cli
