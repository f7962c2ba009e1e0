#include "ops/softmax.h"

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/share_rows.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::SoftmaxGeometry;

// Rows shorter than this are taken side by side, too.
constexpr std::int64_t kShortRow = 16;

// The softmaxes that one call of the vector code computes: of one row, or of some side by side.
struct Groups {
  std::int64_t matrices;
  std::int64_t columns;  // of a matrix
  std::int64_t per_group;
  std::int64_t extent, step, column_step;

  static Groups of(const SoftmaxGeometry& geometry) {
    const auto& [outer, extent, inner] = geometry;
    if (inner > 1) return {outer, inner, kSoftmaxColumns, extent, inner, 1};
    return {1, outer, extent < kShortRow ? kSoftmaxColumns : 1, extent, 1, extent};
  }

  std::int64_t per_matrix() const { return pieces_of(columns, per_group); }

  template <typename T>
  SoftmaxArgs at(std::int64_t group, const T* x, T* y) const {
    const std::int64_t column = group % per_matrix() * per_group;
    const std::int64_t first = group / per_matrix() * extent * columns + column * column_step;
    return {.x = x + first,
            .y = y + first,
            .extent = extent,
            .step = step,
            .column_step = column_step,
            .columns = static_cast<int>(std::min(per_group, columns - column))};
  }
};

template <typename T>
Kernel softmax_kernel(const SoftmaxGeometry& geometry, SoftmaxFunction function) {
  if (geometry.extent == 0 || geometry.inner == 0) return nothing_to_do();
  return [groups = Groups::of(geometry), function](const KernelArgs& args) -> Status {
    share_rows(
        *args.threads, groups.matrices * groups.per_matrix(), groups.extent * groups.per_group,
        [&](std::int64_t group) { function(groups.at(group, args.in<T>(0), args.out<T>(0))); });
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
