#include "optimizer/tensor_blocks.h"

#include "core/try.h"

namespace mini_infer::optimizer {

using core::Tensor;

core::Result<Tensor> TensorBlocks::allocate(core::DataType type, core::Shape shape) {
  constexpr std::size_t kBlock = 32 * 1024 * 1024;
  constexpr std::size_t kAlignment = 64;
  const auto bytes = core::checked_bytes(type, shape);
  if (!bytes || *bytes > kBlock / 2) return Tensor::allocate(type, std::move(shape));
  if (used_ + *bytes > block_.size_bytes()) {
    MI_ASSIGN(block_, Tensor::allocate(core::DataType::kUInt8, core::Shape{std::int64_t{kBlock}}));
    used_ = 0;
  }
  const auto view = block_.bytes().subspan(used_, *bytes);
  used_ += core::align_up(*bytes, kAlignment);
  return Tensor::view(type, std::move(shape), view, std::make_shared<Tensor>(block_));
}

}  // namespace mini_infer::optimizer
