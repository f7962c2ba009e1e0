#include "ops/heads.h"

namespace mini_infer::ops {

core::Shape Heads::shape() const {
  return merged ? core::Shape{batch, tokens, heads * size}
                : core::Shape{batch, heads, tokens, size};
}

std::int64_t Heads::offset(std::int64_t sample, std::int64_t head, std::int64_t token) const {
  return merged ? ((sample * tokens + token) * heads + head) * size
                : ((sample * heads + head) * tokens + token) * size;
}

core::Result<Heads> heads_of(const NodeView& view, int slot, const char* heads_key) {
  const core::Shape& shape = view.input_shape(slot);
  for (std::int64_t extent : shape) {
    if (extent > kLargestHeadExtent) {
      return view.unsupported("an extent of " + std::to_string(extent));
    }
  }
  if (shape.rank() == 4) {
    return Heads{.batch = shape[0], .heads = shape[1], .tokens = shape[2], .size = shape[3]};
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
  return Heads{.batch = shape[0],
               .heads = heads,
               .tokens = shape[1],
               .size = shape[2] / heads,
               .merged = true};
}

}  // namespace mini_infer::ops
