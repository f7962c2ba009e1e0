#include "ops/rotary_embedding.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/indices.h"
#include "cpu/ops/share_rows.h"
#include "cpu/simd/functors.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Heads;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::RotaryEmbeddingGeometry;

template <typename T>
struct Rotation {
  const T* cosines;  // one per pair
  const T* sines;
};

// Both elements of a pair are read before either is written: y may be x.
template <typename T>
void rotate(const RotaryEmbeddingGeometry& geometry, const Rotation<T>& rotation, const T* x,
            T* y) {
  const std::int64_t pair_step = geometry.interleaved ? 2 : 1;
  const std::int64_t second = geometry.interleaved ? 1 : geometry.pairs;
  for (std::int64_t i = 0; i < geometry.pairs; ++i) {
    const std::int64_t at = i * pair_step;
    const float real = ops::widened(x[at]);
    const float imaginary = ops::widened(x[at + second]);
    const float cosine = ops::widened(rotation.cosines[i]);
    const float sine = ops::widened(rotation.sines[i]);
    y[at] = ops::convert<T>(cosine * real - sine * imaginary);
    y[at + second] = ops::convert<T>(sine * real + cosine * imaginary);
  }
  for (std::int64_t i = 2 * geometry.pairs; i < geometry.input.size; ++i) y[i] = x[i];
}

Status check_positions(const std::string& node, const std::int64_t* ids, std::int64_t count,
                       std::int64_t positions) {
  const auto* outside =
      std::find_if(ids, ids + count, [&](std::int64_t id) { return id < 0 || id >= positions; });
  return outside == ids + count ? Status::SUCCESS : index_error(node, *outside, positions);
}

template <typename T>
Kernel rotary_kernel(const RotaryEmbeddingGeometry& geometry, const NodeView& view) {
  const std::int64_t elements = view.input_shape(0).elements();
  const bool keeps_a_rest = geometry.input.shape().elements() < elements;
  return [geometry, elements, keeps_a_rest, chosen = view.has_input(3),
          node = graph::describe(view.node())](const KernelArgs& args) -> Status {
    const Heads& heads = geometry.input;
    const auto* ids = chosen ? args.in<std::int64_t>(3) : nullptr;
    const std::int64_t tokens = heads.batch * heads.tokens;
    const T* x = args.in<T>(0);
    T* y = args.out<T>(0);
    if (keeps_a_rest && y != x) std::copy_n(x, elements, y);
    if (chosen) MI_TRY(check_positions(node, ids, tokens, geometry.positions));
    share_rows(*args.threads, tokens, heads.heads * heads.size, [&](std::int64_t token) {
      const std::int64_t row = (chosen ? ids[token] : token) * geometry.pairs;
      const Rotation<T> rotation{args.in<T>(1) + row, args.in<T>(2) + row};
      for (std::int64_t head = 0; head < heads.heads; ++head) {
        const std::int64_t at = heads.offset(token / heads.tokens, head, token % heads.tokens);
        rotate(geometry, rotation, x + at, y + at);
      }
    });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_rotary_embedding(const NodeView& view) {
  for (int slot = 1; slot < 3; ++slot) {
    if (view.input_type(slot) != view.input_type(0)) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  MI_ASSIGN(const RotaryEmbeddingGeometry geometry, ops::rotary_embedding_geometry(view));
  return for_type(view, view.input_type(0), StoredFloats{},
                  [&]<typename T>(T) { return rotary_kernel<T>(geometry, view); });
}

constexpr KernelEntry kTable[] = {
    {"RotaryEmbedding", bind_rotary_embedding},
    {"RotaryEmbedding", bind_rotary_embedding, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kRotaryEmbeddingKernels = kTable;

}  // namespace mini_infer::cpu
