#include "ops/rotary_embedding.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/indices.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Heads;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::RotaryEmbeddingGeometry;

struct Rotation {
  const float* cosines;  // one per pair
  const float* sines;
};

// Both elements of a pair are read before either is written: y may be x.
void rotate(const RotaryEmbeddingGeometry& geometry, const Rotation& rotation, const float* x,
            float* y) {
  const std::int64_t pair_step = geometry.interleaved ? 2 : 1;
  const std::int64_t second = geometry.interleaved ? 1 : geometry.pairs;
  for (std::int64_t i = 0; i < geometry.pairs; ++i) {
    const std::int64_t at = i * pair_step;
    const float real = x[at];
    const float imaginary = x[at + second];
    y[at] = rotation.cosines[i] * real - rotation.sines[i] * imaginary;
    y[at + second] = rotation.sines[i] * real + rotation.cosines[i] * imaginary;
  }
  for (std::int64_t i = 2 * geometry.pairs; i < geometry.input.size; ++i) y[i] = x[i];
}

Status check_positions(const std::string& node, const std::int64_t* ids, std::int64_t count,
                       std::int64_t positions) {
  const auto* outside =
      std::find_if(ids, ids + count, [&](std::int64_t id) { return id < 0 || id >= positions; });
  return outside == ids + count ? Status::SUCCESS : index_error(node, *outside, positions);
}

Result<Kernel> bind_rotary_embedding(const NodeView& view) {
  for (int slot = 0; slot < 3; ++slot) {
    if (view.input_type(slot) != DataType::kFloat32) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  MI_ASSIGN(const RotaryEmbeddingGeometry geometry, ops::rotary_embedding_geometry(view));
  const bool chosen = view.has_input(3);
  const std::int64_t elements = view.input_shape(0).elements();
  const bool keeps_a_rest = geometry.input.shape().elements() < elements;
  return Kernel([geometry, chosen, elements, keeps_a_rest,
                 node = graph::describe(view.node())](const KernelArgs& args) -> Status {
    const Heads& heads = geometry.input;
    const auto* ids = chosen ? args.in<std::int64_t>(3) : nullptr;
    const std::int64_t tokens = heads.batch * heads.tokens;
    const float* x = args.in<float>(0);
    float* y = args.out<float>(0);
    if (keeps_a_rest && y != x) std::copy_n(x, elements, y);
    if (chosen) MI_TRY(check_positions(node, ids, tokens, geometry.positions));
    for (std::int64_t token = 0; token < tokens; ++token) {
      const std::int64_t row = (chosen ? ids[token] : token) * geometry.pairs;
      const Rotation rotation{args.in<float>(1) + row, args.in<float>(2) + row};
      for (std::int64_t head = 0; head < heads.heads; ++head) {
        const std::int64_t at = heads.offset(token / heads.tokens, head, token % heads.tokens);
        rotate(geometry, rotation, x + at, y + at);
      }
    }
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {
    {"RotaryEmbedding", bind_rotary_embedding},
    {"RotaryEmbedding", bind_rotary_embedding, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kRotaryEmbeddingKernels = kTable;

}  // namespace mini_infer::cpu
