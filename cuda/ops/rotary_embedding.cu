#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/index.h"
#include "cuda/map.h"
#include "cuda/place.h"
#include "ops/dispatch.h"
#include "ops/functor.h"
#include "ops/rotary_embedding.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::RotaryEmbeddingGeometry;

// A pair of a vector, or an element that is kept.
template <typename T>
struct RotateBody {
  const T* x;
  const T* cosines;
  const T* sines;
  const std::int64_t* ids;  // or null: the tokens' own numbers
  T* y;
  RotaryEmbeddingGeometry of;
  Fault fault;

  __device__ void operator()(std::int64_t item) const {
    auto rest = static_cast<std::uint64_t>(item);
    const std::int64_t i = take_axis(rest, of.input.size - of.pairs);
    const std::int64_t head = take_axis(rest, of.input.heads);
    const auto token = static_cast<std::int64_t>(rest);
    const std::int64_t in_sample = take_axis(rest, of.input.tokens);
    const std::int64_t first = offset(static_cast<std::int64_t>(rest), head, in_sample);
    if (i < of.pairs) {
      rotate(first, token, i);
    } else {
      y[first + of.pairs + i] = x[first + of.pairs + i];
    }
  }

  __device__ std::int64_t offset(std::int64_t sample, std::int64_t head, std::int64_t token) const {
    return of.input.first + sample * of.input.batch_step + head * of.input.head_step +
           token * of.input.token_step;
  }

  // Both elements of a pair are read before either is written: y may be x.
  __device__ void rotate(std::int64_t first, std::int64_t token, std::int64_t pair) const {
    const std::int64_t position = ids == nullptr ? token : ids[token];
    if (ids != nullptr && (position < 0 || position >= of.positions)) {
      fault.raise();
      return;
    }
    const float cosine = ops::widened(cosines[position * of.pairs + pair]);
    const float sine = ops::widened(sines[position * of.pairs + pair]);
    const std::int64_t at = first + (of.interleaved ? 2 * pair : pair);
    const std::int64_t other = at + (of.interleaved ? 1 : of.pairs);
    const float real = ops::widened(x[at]);
    const float imaginary = ops::widened(x[other]);
    y[at] = ops::convert<T>(cosine * real - sine * imaginary);
    y[other] = ops::convert<T>(sine * real + cosine * imaginary);
  }
};

template <typename T>
Kernel rotary_kernel(const RotaryEmbeddingGeometry& of, const NodeView& view) {
  const std::int64_t elements = view.input_shape(0).elements();
  if (elements == 0) return nothing_to_do();
  const ops::Heads& heads = of.input;
  const std::int64_t vectors = heads.batch * heads.heads * heads.tokens;
  const bool keeps_a_rest = heads.shape().elements() < elements;
  const Kernel copy = map_kernel<std::uint8_t, std::uint8_t>(
      "copy", elements * static_cast<std::int64_t>(sizeof(T)), ops::Unchanged{});
  Kernel kernel([=, chosen = view.has_input(3)](const KernelArgs& args) -> Status {
    if (keeps_a_rest && args.inputs[0] != args.outputs[0]) MI_TRY(copy(args));
    return for_each("rotate", vectors * (heads.size - of.pairs), args.queue,
                    RotateBody<T>{args.in<T>(0), args.in<T>(1), args.in<T>(2),
                                  chosen ? args.in<std::int64_t>(3) : nullptr, args.out<T>(0), of,
                                  Fault::of(args)});
  });
  const std::int64_t extents[] = {of.positions};
  kernel.fault = index_fault(view, extents);
  return kernel;
}

Result<Kernel> bind_rotary_embedding(const NodeView& view) {
  for (int slot = 1; slot < 3; ++slot) {
    if (view.input_type(slot) != view.input_type(0)) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  MI_ASSIGN(const RotaryEmbeddingGeometry geometry, ops::rotary_embedding_geometry(view));
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) { return rotary_kernel<T>(geometry, view); });
}

constexpr KernelEntry kTable[] = {
    {"RotaryEmbedding", bind_rotary_embedding},
    {"RotaryEmbedding", bind_rotary_embedding, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kRotaryEmbeddingKernels = kTable;

}  // namespace mini_infer::cuda
