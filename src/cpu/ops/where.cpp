#include "cpu/ops/broadcast.h"
#include "cpu/ops/dispatch.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// Elements are moved, not looked into: one kernel per size serves every type.
struct Bytes16 {
  std::uint64_t halves[2];
};

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
    const auto* conditions = args.in<std::uint8_t>(0);
    const T* xs = args.in<T>(1);
    const T* ys = args.in<T>(2);
    T* output = args.out<T>(0);
    plan.for_each_row([&](std::int64_t at, const Broadcast::Index& index) {
      choose(plan.row(0, conditions, index), plan.row(1, xs, index), plan.row(2, ys, index),
             output + at, plan.row_length());
    });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_where(const NodeView& view) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  switch (core::bits_per_element(view.input_type(1))) {
    case 8:
      return where_kernel<std::uint8_t>(plan);
    case 16:
      return where_kernel<std::uint16_t>(plan);
    case 32:
      return where_kernel<std::uint32_t>(plan);
    case 64:
      return where_kernel<std::uint64_t>(plan);
    case 128:
      return where_kernel<Bytes16>(plan);
    default:
      return view.unsupported_type(view.input_type(1));
  }
}

constexpr KernelEntry kTable[] = {{"Where", bind_where}};

}  // namespace

extern constinit const std::span<const KernelEntry> kWhereKernels = kTable;

}  // namespace mini_infer::cpu
