#include "cuda/each.h"
#include "cuda/epilogue.h"
#include "cuda/libraries/activate.h"
#include "cuda/pack.h"

namespace mini_infer::cuda {
namespace {

template <typename T>
core::Status activate(const ops::Activation& activation, T* y, std::int64_t count,
                      ops::Queue queue) {
  constexpr int kCount = Pack<T>::kCount;
  return for_each("activation", (count + kCount - 1) / kCount, queue,
                  [activation, y, count] __device__(std::int64_t item) {
                    const std::int64_t first = item * kCount;
                    if (first + kCount > count) {
                      for (std::int64_t i = first; i < count; ++i) {
                        y[i] = ops::convert<T>(ops::apply(activation, ops::widened(y[i])));
                      }
                      return;
                    }
                    Pack<T> pack = load_pack(y + first);
                    ops::with_functor(activation, [&](auto function) {
                      MI_UNROLL
                      for (int i = 0; i < kCount; ++i) {
                        pack.at[i] = ops::convert<T>(function(ops::widened(pack.at[i])));
                      }
                    });
                    store_pack(y + first, pack);
                  });
}

}  // namespace

core::Status activate_in_place(core::DataType type, const ops::Activation& activation, void* y,
                               std::int64_t count, ops::Queue queue) {
  switch (type) {
    case core::DataType::kFloat16:
      return activate(activation, static_cast<ops::Float16*>(y), count, queue);
    case core::DataType::kBFloat16:
      return activate(activation, static_cast<ops::BFloat16*>(y), count, queue);
    default:
      return activate(activation, static_cast<float*>(y), count, queue);
  }
}

}  // namespace mini_infer::cuda
