#include "mini_infer/core/tensor.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/host_memory.h"

namespace mini_infer::core {
namespace {

TEST(Tensor, ANewOneIsZeroedAndAligned) {
  for (std::int64_t elements : {0, 3, 1 << 20}) {  // the last has pages of its own
    auto tensor = Tensor::allocate(DataType::kUInt8, {elements});
    ASSERT_TRUE(tensor.ok());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor->bytes().data()) % 64, 0u);
    for (std::byte byte : tensor->bytes()) ASSERT_EQ(byte, std::byte{0});
  }
}

TEST(Tensor, RefusesAShapeWithoutASizeAndOneWithoutRoom) {
  EXPECT_EQ(Tensor::allocate(DataType::kFloat32, {-1}).status().code(),
            Status::ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(Tensor::allocate(DataType::kUInt8, {INT64_MAX / 16}).status().code(),
            Status::ERROR_OUT_OF_MEMORY);
}

// A system that promises more memory than it has must not lure us into being killed.
TEST(Tensor, RefusesMoreThanTheHostHasAvailable) {
  const auto more = static_cast<std::int64_t>(available_host_bytes() / 10 * 11);
  EXPECT_EQ(Tensor::allocate(DataType::kUInt8, {more}).status().code(),
            Status::ERROR_OUT_OF_MEMORY);
}

TEST(Tensor, AViewSharesBytesAndKeepsTheirOwner) {
  auto owner = std::make_shared<std::vector<std::byte>>(8);
  std::weak_ptr<std::vector<std::byte>> watch = owner;
  Tensor view = Tensor::view(DataType::kFloat32, {2}, *owner, owner);
  EXPECT_EQ(view.bytes().data(), owner->data());
  owner.reset();
  EXPECT_FALSE(watch.expired());
  view = Tensor();
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, AlignedCopiesOnlyWhatIsNot) {
  alignas(16) static std::array<std::byte, 32> bytes{};
  const Tensor aligned = Tensor::view(DataType::kFloat32, {2}, std::span(bytes).first(8), nullptr);
  EXPECT_EQ(aligned.aligned().bytes().data(), bytes.data());
  const Tensor odd = Tensor::view(DataType::kFloat32, {2}, std::span(bytes).subspan(1, 8), nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(odd.aligned().bytes().data()) % 16, 0u);
}

TEST(Tensor, ReshapedSharesBytes) {
  const std::vector<float> values = {1, 2, 3, 4};
  const Tensor tensor = Tensor::from<float>(DataType::kFloat32, {4}, values);
  const Tensor square = tensor.reshaped({2, 2});
  EXPECT_EQ(square.bytes().data(), tensor.bytes().data());
  EXPECT_EQ(square.shape(), (Shape{2, 2}));
}

}  // namespace
}  // namespace mini_infer::core
