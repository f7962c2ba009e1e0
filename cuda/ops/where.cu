#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/unit.h"
#include "cuda/walk.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

template <typename T, int kElements>
struct WhereBody {
  const std::uint8_t* condition;
  const T* x;
  const T* y;
  T* output;
  Walk<3> walk;

  __device__ void operator()(std::int64_t item) const {
    const std::int64_t first = item * kElements;
    const auto offsets = walk.at(first);
    const auto conditions = walk.load<kElements>(0, condition, offsets);
    const auto if_true = walk.load<kElements>(1, x, offsets);
    const auto if_false = walk.load<kElements>(2, y, offsets);
    Pack<T, kElements> chosen;
    for (int i = 0; i < kElements; ++i) {
      chosen.at[i] = conditions.at[i] != 0 ? if_true.at[i] : if_false.at[i];
    }
    store_pack(output + first, chosen);
  }
};

template <typename T, int kElements>
Kernel where_kernel(const Walk<3>& walk) {
  return [walk](const KernelArgs& args) {
    return for_each("where", walk.count / kElements, args.queue,
                    WhereBody<T, kElements>{args.in<std::uint8_t>(0), args.in<T>(1), args.in<T>(2),
                                            args.out<T>(0), walk});
  };
}

Result<Kernel> bind_where(const NodeView& view) {
  MI_ASSIGN(const Walk<3> walk, Walk<3>::of(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(1)));
  return for_unit(bytes, [&]<typename T>(T) {
    constexpr int kElements = Pack<T>::kCount;
    return walk.packs(kElements) ? where_kernel<T, kElements>(walk) : where_kernel<T, 1>(walk);
  });
}

constexpr KernelEntry kTable[] = {{"Where", bind_where}};

}  // namespace

extern constinit const std::span<const KernelEntry> kWhereKernels = kTable;

}  // namespace mini_infer::cuda
