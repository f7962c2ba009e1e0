#include "cpu/backend.h"
#include "cpu/ops/broadcast.h"
#include "cpu/ops/width.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

template <typename T>
void choose(Row<std::uint8_t> conditions, Row<T> xs, Row<T> ys, T* output, std::int64_t length) {
  along(conditions, [&](auto condition) {
    along(xs, [&](auto x) {
      along(ys, [&](auto y) {
        for (std::int64_t i = 0; i < length; ++i) {
          const T if_true = x[i];
          const T if_false = y[i];
          output[i] = condition[i] != 0 ? if_true : if_false;
        }
      });
    });
  });
}

template <typename T>
Kernel where_kernel(const Broadcast& plan) {
  return [plan](const KernelArgs& args) -> Status {
    plan.for_each_block(*args.threads, [&](const Broadcast::Block& block) {
      const auto conditions = plan.rows(0, args.in<std::uint8_t>(0), block);
      const auto xs = plan.rows(1, args.in<T>(1), block);
      const auto ys = plan.rows(2, args.in<T>(2), block);
      T* output = args.out<T>(0) + block.at;
      for (std::int64_t row = 0; row < block.rows; ++row, output += block.length) {
        choose(conditions[row], xs[row], ys[row], output, block.length);
      }
    });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_where(const NodeView& view) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_width(view, view.input_type(1),
                   [&](auto width) { return where_kernel<decltype(width)>(plan); });
}

constexpr KernelEntry kTable[] = {{"Where", bind_where}};

}  // namespace

extern constinit const std::span<const KernelEntry> kWhereKernels = kTable;

}  // namespace mini_infer::cpu
