#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/walk.h"
#include "ops/dispatch.h"
#include "ops/functor.h"

// Sum, Mean, Max and Min of any number of tensors.
namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::Types;
using ops::Wide;

// finish(the inputs folded from the left).
template <typename T, typename Function, typename Finish, int kInputs, int kElements>
struct FoldBody {
  const T* inputs[kInputs];
  T* output;
  int count;  // of inputs
  Walk<kInputs> walk;
  Function function;
  Finish finish;

  __device__ void operator()(std::int64_t item) const {
    const std::int64_t first = item * kElements;
    const auto offsets = walk.at(first);
    Wide<T> folded[kElements];
    const auto start = walk.template load<kElements>(0, inputs[0], offsets);
    for (int i = 0; i < kElements; ++i) folded[i] = ops::widened(start.at[i]);
    for (int slot = 1; slot < kInputs; ++slot) {
      if (slot >= count) break;
      const auto next = walk.template load<kElements>(slot, inputs[slot], offsets);
      for (int i = 0; i < kElements; ++i) folded[i] = function(folded[i], ops::widened(next.at[i]));
    }
    Pack<T, kElements> result;
    for (int i = 0; i < kElements; ++i) result.at[i] = ops::convert<T>(finish(folded[i]));
    store_pack(output + first, result);
  }
};

template <typename T, int kElements, int kInputs, typename Function, typename Finish>
Kernel fold_kernel(const Walk<kInputs>& walk, int inputs, Function function, Finish finish) {
  return [=](const KernelArgs& args) {
    FoldBody<T, Function, Finish, kInputs, kElements> body{{},   args.out<T>(0), inputs,
                                                           walk, function,       finish};
    for (int slot = 0; slot < inputs; ++slot) body.inputs[slot] = args.in<T>(slot);
    return for_each("fold", walk.count / kElements, args.queue, body);
  };
}

constexpr int kFew = 4;
constexpr int kMany = 32;  // as many fit among a kernel's parameters

// make_finish(T{}): what is done to the sum.
template <typename... Ts, typename Function, typename MakeFinish>
Result<Kernel> bind_fold(const NodeView& view, Types<Ts...> types, Function function,
                         MakeFinish make_finish) {
  const int inputs = view.input_count();
  if (inputs > kMany) return view.unsupported("more than " + std::to_string(kMany) + " inputs");
  if (inputs > kFew) {
    MI_ASSIGN(const auto walk, Walk<kMany>::of(view));
    return ops::for_type(view, view.input_type(0), types, [&]<typename T>(T zero) {
      return fold_kernel<T, 1>(walk, inputs, function, make_finish(zero));
    });
  }
  MI_ASSIGN(const auto walk, Walk<kFew>::of(view));
  return ops::for_type(view, view.input_type(0), types, [&]<typename T>(T zero) {
    constexpr int kElements = Pack<T>::kCount;
    if (!walk.packs(kElements)) {
      return fold_kernel<T, 1>(walk, inputs, function, make_finish(zero));
    }
    return fold_kernel<T, kElements>(walk, inputs, function, make_finish(zero));
  });
}

template <typename T>
struct DivideBy {
  T divisor;
  __device__ T operator()(T sum) const { return sum / divisor; }
};

Result<Kernel> bind_mean(const NodeView& view) {
  return bind_fold(view, ops::kFloats, ops::Add{}, [&]<typename T>(T) {
    return DivideBy<Wide<T>>{static_cast<Wide<T>>(view.input_count())};
  });
}

template <typename Function, typename... Ts>
Result<Kernel> bind_plain(const NodeView& view, Types<Ts...> types) {
  return bind_fold(view, types, Function{}, [](auto) { return ops::Unchanged{}; });
}

constexpr KernelEntry kTable[] = {
    {"Sum", [](const NodeView& view) { return bind_plain<ops::Add>(view, ops::kFloats); }},
    {"Mean", bind_mean},
    {"Max", [](const NodeView& view) { return bind_plain<ops::Max>(view, ops::kNumbers); }},
    {"Min", [](const NodeView& view) { return bind_plain<ops::Min>(view, ops::kNumbers); }},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kVariadicKernels = kTable;

}  // namespace mini_infer::cuda
