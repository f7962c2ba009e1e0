#include "ops/heads.h"

#include <algorithm>
#include <utility>

namespace mini_infer::ops {
namespace {

// Whether a tensor of so many elements holds every vector. Walks down from the last element, so
// that nothing can overflow.
bool is_inside(const Heads& heads, std::int64_t elements) {
  std::int64_t left = elements - heads.size;
  for (const auto& [extent, step] :
       {std::pair{std::int64_t{2}, heads.first}, std::pair{heads.batch, heads.batch_step},
        std::pair{heads.heads, heads.head_step}, std::pair{heads.tokens, heads.token_step}}) {
    if (left < 0 || (step != 0 && extent - 1 > left / step)) return false;
    left -= (extent - 1) * step;
  }
  return true;
}

}  // namespace

core::Shape Heads::shape() const {
  return merged ? core::Shape{batch, tokens, heads * size}
                : core::Shape{batch, heads, tokens, size};
}

Heads dense(Heads heads) {
  heads.first = 0;
  // Elsewhere a shape that no tensor can have is refused; here its products would overflow.
  if (!core::checked_bytes(core::DataType::kFloat32, heads.shape())) return heads;
  const std::int64_t vectors = heads.merged ? heads.heads : heads.tokens;
  heads.head_step = heads.merged ? heads.size : heads.tokens * heads.size;
  heads.token_step = heads.merged ? vectors * heads.size : heads.size;
  heads.batch_step = heads.heads * heads.tokens * heads.size;
  return heads;
}

core::Result<Heads> heads_of(const NodeView& view, int slot, const char* heads_key) {
  const core::Shape& shape = view.input_shape(slot);
  for (std::int64_t extent : shape) {
    if (extent > kLargestHeadExtent) {
      return view.unsupported("an extent of " + std::to_string(extent));
    }
  }
  if (shape.rank() == 4) {
    return dense({.batch = shape[0], .heads = shape[1], .tokens = shape[2], .size = shape[3]});
  }
  if (shape.rank() != 3) {
    return view.fail("input " + std::to_string(slot) + ": expected rank 3 or 4, found " +
                     shape.to_string());
  }
  const std::int64_t heads = view.node().get_int(heads_key, 0);
  if (heads < 1 || heads > kLargestHeadExtent || shape[2] % heads != 0) {
    return view.fail(std::string(heads_key) + " " + std::to_string(heads) +
                     " does not divide the last extent of input " + std::to_string(slot) + ", " +
                     shape.to_string());
  }
  return dense({.batch = shape[0],
                .heads = heads,
                .tokens = shape[1],
                .size = shape[2] / heads,
                .merged = true});
}

std::vector<std::int64_t> stated(const Heads& heads) {
  return {heads.batch, heads.heads,      heads.tokens,    heads.size,
          heads.first, heads.batch_step, heads.head_step, heads.token_step};
}

Heads heads_stated(const std::vector<std::int64_t>& numbers) {
  return {.batch = numbers[0],
          .heads = numbers[1],
          .tokens = numbers[2],
          .size = numbers[3],
          .first = numbers[4],
          .batch_step = numbers[5],
          .head_step = numbers[6],
          .token_step = numbers[7]};
}

core::Result<Heads> stated_heads(const NodeView& view, const char* key, const core::Shape& within) {
  const std::vector<std::int64_t> stated = view.node().get_ints(key);
  if (stated.size() != 8) {
    return view.fail(std::string(key) + ": expected 8 numbers, found " +
                     std::to_string(stated.size()));
  }
  const Heads heads = heads_stated(stated);
  const auto is_extent = [](std::int64_t extent) {
    return extent > 0 && extent <= kLargestHeadExtent;
  };
  if (!std::all_of(stated.begin(), stated.begin() + 4, is_extent) ||
      std::any_of(stated.begin() + 4, stated.end(), [](std::int64_t step) { return step < 0; })) {
    return view.fail(std::string(key) + ": expected extents above 0 and steps, found " +
                     core::Shape(stated).to_string());
  }
  if (!is_inside(heads, within.elements())) {
    return view.fail(std::string(key) + " reaches beyond " + within.to_string());
  }
  return heads;
}

}  // namespace mini_infer::ops
