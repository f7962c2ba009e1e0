#include "ops/movement.h"

#include <algorithm>
#include <numeric>

#include "ops/op_def.h"
#include "ops/shapes.h"
#include "ops/slice.h"
#include "ops/split.h"

namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;
using Ints = std::vector<std::int64_t>;
using Moves = std::vector<Move>;

// Elements to skip per index of each axis.
Ints strides_of(const Shape& shape, std::int64_t pitch) {
  if (shape.rank() == 0) return {};
  Shape rows = shape;
  rows[shape.rank() - 1] = pitch;
  return ops::strides_of(rows);
}
Ints input_strides(const NodeView& view, int slot) {
  const Shape& shape = view.input_shape(slot);
  return strides_of(shape, view.input_pitch(slot, last_extent(shape)));
}
Ints output_strides(const NodeView& view, int slot) {
  const Shape& shape = view.output_shape(slot);
  return strides_of(shape, view.output_pitch(slot, last_extent(shape)));
}

Result<std::vector<int>> permutation(const NodeView& view) {
  const int rank = view.input_shape(0).rank();
  if (!view.node().attributes.contains("perm")) {
    std::vector<int> reversed(static_cast<std::size_t>(rank));
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return reversed;
  }
  const Ints perm = view.node().get_ints("perm");
  if (static_cast<int>(perm.size()) != rank) {
    return view.fail("perm names " + std::to_string(perm.size()) + " axes of a tensor of rank " +
                     std::to_string(rank));
  }
  return normalize_axes(view, perm, rank);
}

Status infer_transpose(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  MI_ASSIGN(const auto perm, permutation(context));
  Shape shape = context.input_shape(0);
  for (std::size_t axis = 0; axis < perm.size(); ++axis) {
    shape[static_cast<int>(axis)] = context.input_shape(0)[perm[axis]];
  }
  context.set_output(0, context.input_type(0), std::move(shape));
  return Status::SUCCESS;
}

Result<Moves> transpose_moves(const NodeView& view) {
  MI_ASSIGN(const auto perm, permutation(view));
  const Ints strides = input_strides(view, 0);
  Ints from(perm.size());
  for (std::size_t axis = 0; axis < perm.size(); ++axis) {
    from[axis] = strides[static_cast<std::size_t>(perm[axis])];
  }
  const Shape& shape = view.output_shape(0);
  return Moves{{0, 0, strided_copy(shape, from, output_strides(view, 0))}};
}

Result<int> concat_axis(const NodeView& view) {
  const int rank = view.input_shape(0).rank();
  if (!view.node().attributes.contains("axis")) return view.fail("attribute axis is missing");
  return normalize_axis(view, view.node().get_int("axis", 0), rank);
}

Status infer_concat(InferContext& context) {
  MI_TRY(context.expect_inputs(1, INT32_MAX));
  MI_TRY(context.expect_inputs(context.input_count(), INT32_MAX));
  MI_ASSIGN(const int axis, concat_axis(context));
  Shape joined = context.input_shape(0);
  for (int slot = 1; slot < context.input_count(); ++slot) {
    if (context.input_type(slot) != context.input_type(0)) {
      return context.fail(std::string("inputs differ in type: ") +
                          core::type_name(context.input_type(0)) + " and " +
                          core::type_name(context.input_type(slot)));
    }
    Shape aligned = context.input_shape(slot);
    if (aligned.rank() == joined.rank()) aligned[axis] = joined[axis];
    if (aligned != joined) {
      return context.fail("shapes " + context.input_shape(0).to_string() + " and " +
                          context.input_shape(slot).to_string() + " differ outside axis " +
                          std::to_string(axis));
    }
    if (__builtin_add_overflow(joined[axis], context.input_shape(slot)[axis], &joined[axis])) {
      return context.fail("the extents along axis " + std::to_string(axis) + " add up to too much");
    }
  }
  context.set_output(0, context.input_type(0), std::move(joined));
  return Status::SUCCESS;
}

Result<Moves> concat_moves(const NodeView& view) {
  MI_ASSIGN(const int axis, concat_axis(view));
  const Ints to = output_strides(view, 0);
  Moves moves;
  std::int64_t place = 0;
  for (int slot = 0; slot < view.input_count(); ++slot) {
    const Shape& shape = view.input_shape(slot);
    moves.push_back({slot, 0, strided_copy(shape, input_strides(view, slot), to)});
    moves.back().copy.to_start = place * to[static_cast<std::size_t>(axis)];
    place += shape[axis];
  }
  return moves;
}

Status infer_split(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 2));
  MI_ASSIGN(const SplitParts parts, split_parts(context));
  Shape shape = context.input_shape(0);
  for (int slot = 0; slot < context.output_count(); ++slot) {
    shape[parts.axis] = parts.extents[static_cast<std::size_t>(slot)];
    context.set_output(slot, context.input_type(0), shape);
  }
  return Status::SUCCESS;
}

Result<Moves> split_moves(const NodeView& view) {
  MI_ASSIGN(const SplitParts parts, split_parts(view));
  const Ints from = input_strides(view, 0);
  Moves moves;
  std::int64_t place = 0;
  for (int slot = 0; slot < view.output_count(); ++slot) {
    if (view.has_output(slot)) {
      const Shape& shape = view.output_shape(slot);
      moves.push_back({0, slot, strided_copy(shape, from, output_strides(view, slot))});
      moves.back().copy.from_start = place * from[static_cast<std::size_t>(parts.axis)];
    }
    place += parts.extents[static_cast<std::size_t>(slot)];
  }
  return moves;
}

Status infer_slice(InferContext& context) {
  const bool by_attributes = context.opset() < 10;
  MI_TRY(context.expect_inputs(by_attributes ? 1 : 3, by_attributes ? 1 : 5));
  MI_ASSIGN(SliceWindow window, slice_window(context));
  context.set_output(0, context.input_type(0), std::move(window.extents));
  return Status::SUCCESS;
}

Result<Moves> slice_moves(const NodeView& view) {
  MI_ASSIGN(const SliceWindow window, slice_window(view));
  Ints from = input_strides(view, 0);
  std::int64_t start = 0;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    start += window.starts[axis] * from[axis];
    from[axis] *= window.steps[axis];
  }
  Moves moves{{0, 0, strided_copy(window.extents, from, output_strides(view, 0))}};
  moves[0].copy.from_start = start;
  return moves;
}

Status infer_expand(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_ASSIGN(Ints dims, context.ints(1));
  const Shape wanted(std::move(dims));
  const bool negative = std::any_of(wanted.begin(), wanted.end(), [](auto d) { return d < 0; });
  auto shape = broadcast(context.input_shape(0), wanted);
  if (negative || !shape) {
    return context.fail("shape " + context.input_shape(0).to_string() + " does not expand to " +
                        wanted.to_string());
  }
  context.set_output(0, context.input_type(0), std::move(*shape));
  return Status::SUCCESS;
}

Result<Moves> expand_moves(const NodeView& view) {
  const Shape& shape = view.output_shape(0);
  return Moves{
      {0, 0,
       strided_copy(shape, broadcast_strides(view.input_shape(0), shape), ops::strides_of(shape))}};
}

Status infer_tile(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_ASSIGN(const Ints repeats, context.ints(1));
  Shape shape = context.input_shape(0);
  if (static_cast<int>(repeats.size()) != shape.rank()) {
    return context.fail("repeats names " + std::to_string(repeats.size()) +
                        " axes of a tensor of rank " + std::to_string(shape.rank()));
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const std::int64_t times = repeats[static_cast<std::size_t>(axis)];
    if (times < 0 || __builtin_mul_overflow(shape[axis], times, &shape[axis])) {
      return context.fail("axis " + std::to_string(axis) + " of extent " +
                          std::to_string(context.input_shape(0)[axis]) + " cannot be repeated " +
                          std::to_string(times) + " times");
    }
  }
  context.set_output(0, context.input_type(0), std::move(shape));
  return Status::SUCCESS;
}

Result<Moves> tile_moves(const NodeView& view) {
  MI_ASSIGN(const Ints repeats, view.ints(1));
  const Shape& shape = view.input_shape(0);
  const Ints from = ops::strides_of(shape);
  const Ints to = ops::strides_of(view.output_shape(0));
  StridedCopy copy;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const std::int64_t extent = shape.dims()[axis];
    copy.axes.push_back({repeats[axis], 0, extent * to[axis]});
    copy.axes.push_back({extent, from[axis], to[axis]});
  }
  return Moves{{0, 0, std::move(copy)}};
}

constexpr std::array<Alias, 4> kAsView = {{{AliasKind::kView, 0, 0}}};

PitchedSlots pitched_everywhere(const NodeView&) {
  return {.inputs = ~InputSet{0}, .output = true};
}

constexpr OpDef mover(std::string_view type, int since, Status (*infer)(InferContext&),
                      InputSet value_inputs = 0,
                      PitchedSlots (*pitched)(const NodeView&) = pitched_everywhere) {
  return {.type = type,
          .since = since,
          .infer = infer,
          .alias = kAsView,
          .alias_holds = moves_nothing,
          .value_inputs = value_inputs,
          .pitched = pitched};
}

constexpr OpDef kTable[] = {
    mover("Transpose", 7, infer_transpose),
    mover("Concat", 7, infer_concat),
    mover("Split", 7, infer_split, inputs(1)),
    mover("Slice", 7, infer_slice, inputs(1, 2, 3, 4)),
    mover("Expand", 8, infer_expand, inputs(1), nullptr),
    mover("Tile", 7, infer_tile, inputs(1), nullptr),
};

struct MovesEntry {
  std::string_view type;
  Result<Moves> (*moves)(const NodeView&);
};
constexpr MovesEntry kMoves[] = {
    {"Transpose", transpose_moves}, {"Concat", concat_moves}, {"Split", split_moves},
    {"Slice", slice_moves},         {"Expand", expand_moves}, {"Tile", tile_moves},
};

}  // namespace

extern constinit const std::span<const OpDef> kMovementOps = kTable;

Result<Moves> uncollapsed_moves_of(const NodeView& view) {
  const auto* entry =
      std::find_if(std::begin(kMoves), std::end(kMoves),
                   [&](const auto& candidate) { return view.node().is(candidate.type); });
  if (entry == std::end(kMoves)) return view.unsupported("this operator as a movement");
  return entry->moves(view);
}

Result<Moves> moves_of(const NodeView& view) {
  MI_ASSIGN(Moves moves, uncollapsed_moves_of(view));
  std::erase_if(moves, [](const Move& move) {
    return std::any_of(move.copy.axes.begin(), move.copy.axes.end(),
                       [](const StridedCopy::Axis& axis) { return axis.extent == 0; });
  });
  for (Move& move : moves) move.copy = collapse(move.copy);
  return moves;
}

bool moves_nothing(const NodeView& view) {
  auto moves = moves_of(view);
  if (!moves.ok() || moves->size() != 1) return false;
  const Move& only = moves->front();
  return only.input == 0 && only.output == 0 &&
         keeps_order(only.copy, view.input_shape(0).elements());
}

}  // namespace mini_infer::ops
