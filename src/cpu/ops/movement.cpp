#include "ops/movement.h"

#include "cpu/backend.h"
#include "cpu/ops/strided_copy.h"
#include "cpu/ops/width.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

Result<Kernel> bind_movement(const NodeView& view) {
  MI_ASSIGN(std::vector<ops::Move> moves, ops::moves_of(view));
  for (ops::Move& move : moves) move.copy = order_for_cache(std::move(move.copy));
  return for_width(view, view.input_type(0), [&](auto width) -> Kernel {
    using T = decltype(width);
    return [moves = std::move(moves)](const KernelArgs& args) -> Status {
      for (const ops::Move& move : moves) {
        const T* from = args.in<T>(move.input);
        T* to = args.out<T>(move.output);
        const bool in_place = from + move.copy.from_start == to + move.copy.to_start;
        if (!in_place) strided_copy(move.copy, *args.threads, from, to);
      }
      return Status::SUCCESS;
    };
  });
}

constexpr KernelEntry kTable[] = {
    {"Transpose", bind_movement}, {"Concat", bind_movement}, {"Split", bind_movement},
    {"Slice", bind_movement},     {"Expand", bind_movement}, {"Tile", bind_movement},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kMovementKernels = kTable;

}  // namespace mini_infer::cpu
