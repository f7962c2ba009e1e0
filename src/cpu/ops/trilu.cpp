#include <algorithm>
#include <cstring>

#include "cpu/backend.h"
#include "ops/indexing.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// Keeps the bytes [first, last) of a row and zeroes the others. Zero is all bits zero in every
// type.
void keep(const std::byte* x, std::byte* y, std::size_t first, std::size_t last, std::size_t row) {
  std::memset(y, 0, first);
  if (x != y) std::memcpy(y + first, x + first, last - first);
  std::memset(y + last, 0, row - last);
}

Result<Kernel> bind_trilu(const NodeView& view) {
  MI_ASSIGN(const ops::Triangle triangle, ops::triangle_of(view));
  const core::Shape& shape = view.input_shape(0);
  const int bits = core::bits_per_element(view.input_type(0));
  if (bits < 8) return view.unsupported_type(view.input_type(0));
  const std::int64_t rows = shape[shape.rank() - 2];
  const std::int64_t columns = shape[shape.rank() - 1];
  const std::int64_t matrices = columns == 0 ? 0 : shape.elements(0, shape.rank() - 2);
  const auto width = static_cast<std::size_t>(bits / 8);
  return Kernel([=](const KernelArgs& args) -> Status {
    const auto* x = args.in<std::byte>(0);
    auto* y = args.out<std::byte>(0);
    const std::size_t row_bytes = static_cast<std::size_t>(columns) * width;
    for (std::int64_t i = 0; i < matrices * rows; ++i) {
      const std::int64_t cut = i % rows + triangle.diagonal + (triangle.upper ? 0 : 1);
      const auto at = static_cast<std::size_t>(std::clamp<std::int64_t>(cut, 0, columns)) * width;
      keep(x, y, triangle.upper ? at : 0, triangle.upper ? row_bytes : at, row_bytes);
      x += row_bytes;
      y += row_bytes;
    }
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {{"Trilu", bind_trilu}};

}  // namespace

extern constinit const std::span<const KernelEntry> kTriluKernels = kTable;

}  // namespace mini_infer::cpu
