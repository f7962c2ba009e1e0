#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/place.h"
#include "cuda/unit.h"
#include "ops/indexing.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// Zero is all bits zero in every type.
template <typename T>
struct TriluBody {
  const T* x;
  T* y;
  std::int64_t rows, columns;
  ops::Triangle triangle;

  __device__ void operator()(std::int64_t i) const {
    auto rest = static_cast<std::uint64_t>(i);
    const std::int64_t column = take_axis(rest, columns);
    const std::int64_t above = column - take_axis(rest, rows) - triangle.diagonal;
    const bool kept = triangle.upper ? above >= 0 : above <= 0;
    y[i] = kept ? x[i] : T{};
  }
};

Result<Kernel> bind_trilu(const NodeView& view) {
  MI_ASSIGN(const ops::Triangle triangle, ops::triangle_of(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  const core::Shape& shape = view.input_shape(0);
  const std::int64_t count = shape.elements();
  const std::int64_t rows = shape[shape.rank() - 2];
  const std::int64_t columns = shape[shape.rank() - 1];
  return for_unit(bytes, [&]<typename T>(T) -> Kernel {
    return [=](const KernelArgs& args) {
      return for_each("trilu", count, args.queue,
                      TriluBody<T>{args.in<T>(0), args.out<T>(0), rows, columns, triangle});
    };
  });
}

constexpr KernelEntry kTable[] = {{"Trilu", bind_trilu}};

}  // namespace

extern constinit const std::span<const KernelEntry> kTriluKernels = kTable;

}  // namespace mini_infer::cuda
