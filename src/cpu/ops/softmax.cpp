#include "ops/softmax.h"

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/parallel.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::SoftmaxGeometry;

// The softmaxes that one call of the vector code computes: of one row, or of columns side by side.
struct Groups {
  SoftmaxGeometry geometry;

  std::int64_t per_matrix() const { return pieces_of(geometry.inner, kSoftmaxColumns); }
  std::int64_t count() const { return geometry.outer * per_matrix(); }

  template <typename T>
  SoftmaxArgs at(std::int64_t group, const T* x, T* y) const {
    const std::int64_t column = group % per_matrix() * kSoftmaxColumns;
    const std::int64_t first = group / per_matrix() * geometry.extent * geometry.inner + column;
    const std::int64_t columns = std::min<std::int64_t>(kSoftmaxColumns, geometry.inner - column);
    return {.x = x + first,
            .y = y + first,
            .extent = geometry.extent,
            .step = geometry.inner,
            .columns = static_cast<int>(columns)};
  }
};

template <typename T>
Kernel softmax_kernel(const SoftmaxGeometry& geometry, SoftmaxFunction function) {
  const bool empty = geometry.extent == 0 || geometry.inner == 0;
  const Groups groups{geometry};
  const std::int64_t count = empty ? 0 : groups.count();
  const std::int64_t per_piece =
      items_per_piece(geometry.extent * std::min<std::int64_t>(geometry.inner, kSoftmaxColumns));
  return [=](const KernelArgs& args) -> Status {
    for_pieces(*args.threads, count, per_piece, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t group = first; group < last; ++group) {
        function(groups.at(group, args.in<T>(0), args.out<T>(0)));
      }
    });
    return Status::SUCCESS;
  };
}

template <SoftmaxFunction FloatLoops::*kFunction>
Result<Kernel> bind_softmax(const NodeView& view, const BindContext& context) {
  MI_ASSIGN(const SoftmaxGeometry geometry, ops::softmax_geometry(view));
  return for_type(view, view.input_type(0), StoredFloats{}, [&]<typename T>(T) {
    return softmax_kernel<T>(geometry, context.simd->loops_of<T>().*kFunction);
  });
}

constexpr KernelEntry kTable[] = {
    {"Softmax", bind_softmax<&FloatLoops::softmax>},
    {"LogSoftmax", bind_softmax<&FloatLoops::log_softmax>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kSoftmaxKernels = kTable;

}  // namespace mini_infer::cpu
