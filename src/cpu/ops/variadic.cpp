#include <algorithm>
#include <cstring>

#include "cpu/ops/binary.h"
#include "ops/functor.h"

// Sum, Mean, Max and Min of any number of tensors.
namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// One node's inputs folded from the left. A piece of the output is written only when all inputs
// have been read there, for it may take the place of any of them.
template <typename T, typename Function>
class Fold {
 public:
  Fold(Broadcast plan, int inputs, Function function)
      : plan_(std::move(plan)), inputs_(inputs), function_(function) {}

  // finish(piece of the output, its length) after each piece.
  template <typename Finish>
  void run(const KernelArgs& args, Finish finish) const {
    T* output = args.out<T>(0);
    plan_.for_each_row([&](std::int64_t at, const Broadcast::Index& index) {
      for (std::int64_t from = 0; from < plan_.row_length(); from += kPiece) {
        const std::int64_t length = std::min(kPiece, plan_.row_length() - from);
        fold_piece(args, index, from, length, output + at + from);
        finish(output + at + from, length);
      }
    });
  }

 private:
  static constexpr std::int64_t kPiece = 512;

  void fold_piece(const KernelArgs& args, const Broadcast::Index& index, std::int64_t from,
                  std::int64_t length, T* output) const {
    const auto input = [&](int slot) {
      return plan_.row(slot, args.in<T>(slot), index).from(from);
    };
    if (inputs_ == 1) {
      std::memmove(output, input(0).first, static_cast<std::size_t>(length) * sizeof(T));
      return;
    }
    T folded[kPiece];
    combine(input(0), input(1), inputs_ == 2 ? output : folded, length, function_);
    for (int slot = 2; slot < inputs_; ++slot) {
      combine(Row<T>{folded, false}, input(slot), slot + 1 == inputs_ ? output : folded, length,
              function_);
    }
  }

  Broadcast plan_;
  int inputs_;
  Function function_;
};

template <typename Function, typename... Ts>
Result<Kernel> bind_fold(const NodeView& view, Types<Ts...> types) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, view.input_type(0), types, [&]<typename T>(T) -> Kernel {
    return [fold = Fold<T, Function>(plan, view.input_count(), {})](const KernelArgs& args) {
      fold.run(args, [](T*, std::int64_t) {});
      return Status(Status::SUCCESS);
    };
  });
}

Result<Kernel> bind_mean(const NodeView& view) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, view.input_type(0), kFloats, [&]<typename T>(T) -> Kernel {
    const T count = static_cast<T>(view.input_count());
    return [fold = Fold<T, ops::Add>(plan, view.input_count(), {}), count](const KernelArgs& args) {
      fold.run(args, [count](T* sums, std::int64_t length) {
        for (std::int64_t i = 0; i < length; ++i) sums[i] /= count;
      });
      return Status(Status::SUCCESS);
    };
  });
}

constexpr KernelEntry kTable[] = {
    {"Sum", [](const NodeView& view) { return bind_fold<ops::Add>(view, kFloats); }},
    {"Mean", bind_mean},
    {"Max", [](const NodeView& view) { return bind_fold<ops::Max>(view, kNumbers); }},
    {"Min", [](const NodeView& view) { return bind_fold<ops::Min>(view, kNumbers); }},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kVariadicKernels = kTable;

}  // namespace mini_infer::cpu
