#include <algorithm>

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

  // The output is finish(what the elements were folded to).
  template <typename Finish>
  void run(const KernelArgs& args, Finish finish) const {
    plan_.for_each_block(*args.threads, [&](const Broadcast::Block& block) {
      T* output = args.out<T>(0) + block.at;
      for (std::int64_t row = 0; row < block.rows; ++row, output += block.length) {
        for (std::int64_t from = 0; from < block.length; from += kPiece) {
          const std::int64_t length = std::min(kPiece, block.length - from);
          Wide<T> folded[kPiece];
          fold_piece(args, block, row, from, length, folded);
          for (std::int64_t i = 0; i < length; ++i) {
            output[from + i] = ops::convert<T>(finish(folded[i]));
          }
        }
      }
    });
  }

 private:
  static constexpr std::int64_t kPiece = 512;

  void fold_piece(const KernelArgs& args, const Broadcast::Block& block, std::int64_t row,
                  std::int64_t from, std::int64_t length, Wide<T>* folded) const {
    const auto input = [&](int slot) {
      return plan_.rows(slot, args.in<T>(slot), block)[row].from(from);
    };
    along(input(0), [&](auto x) {
      for (std::int64_t i = 0; i < length; ++i) folded[i] = ops::widened(x[i]);
    });
    for (int slot = 1; slot < inputs_; ++slot) {
      combine(Row<Wide<T>>{folded, false}, input(slot), folded, length, function_);
    }
  }

  Broadcast plan_;
  int inputs_;
  Function function_;
};

template <typename T, typename Function, typename Finish>
Kernel fold_kernel(Broadcast plan, int inputs, Function function, Finish finish) {
  return [fold = Fold<T, Function>(std::move(plan), inputs, function),
          finish](const KernelArgs& args) -> Status {
    fold.run(args, finish);
    return Status::SUCCESS;
  };
}

template <typename Function, typename... Ts>
Result<Kernel> bind_fold(const NodeView& view, const BindContext& context, Types<Ts...> types) {
  if (view.input_count() == 2) {
    return bind_binary(view, context, view.input_type(0), types, Function{});
  }
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, view.input_type(0), types, [&]<typename T>(T) {
    return fold_kernel<T>(plan, view.input_count(), Function{}, [](Wide<T> x) { return x; });
  });
}

Result<Kernel> bind_mean(const NodeView& view) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, view.input_type(0), kFloats, [&]<typename T>(T) {
    const auto count = static_cast<Wide<T>>(view.input_count());
    return fold_kernel<T>(plan, view.input_count(), ops::Add{},
                          [count](Wide<T> sum) { return sum / count; });
  });
}

Result<Kernel> bind_sum(const NodeView& view, const BindContext& context) {
  return bind_fold<ops::Add>(view, context, kFloats);
}

template <typename Function>
Result<Kernel> bind_extreme(const NodeView& view, const BindContext& context) {
  return bind_fold<Function>(view, context, kNumbers);
}

constexpr KernelEntry kTable[] = {
    {"Sum", bind_sum},
    {"Mean", bind_mean},
    {"Max", bind_extreme<ops::Max>},
    {"Min", bind_extreme<ops::Min>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kVariadicKernels = kTable;

}  // namespace mini_infer::cpu
