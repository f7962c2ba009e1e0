#include "cuda/backend.h"
#include "cuda/map.h"
#include "ops/dispatch.h"
#include "ops/functor.h"

// Cast and CastLike.
namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::NodeView;

constexpr auto kCastable = ops::kNumbers + ops::Types<ops::Bool>{};

Result<Kernel> bind_cast(const NodeView& view) {
  const std::int64_t count = view.output_shape(0).elements();
  return ops::for_type(view, view.input_type(0), kCastable, [&]<typename From>(From) {
    return ops::for_type(view, view.output_type(0), kCastable, [&]<typename To>(To) {
      return map_kernel<From, To>("cast", count, ops::Unchanged{});
    });
  });
}

constexpr KernelEntry kTable[] = {{"Cast", bind_cast}, {"CastLike", bind_cast}};

}  // namespace

extern constinit const std::span<const KernelEntry> kCastKernels = kTable;

}  // namespace mini_infer::cuda
