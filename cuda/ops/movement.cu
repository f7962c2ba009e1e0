#include <algorithm>
#include <array>
#include <optional>

#include "cuda/backend.h"
#include "cuda/transpose.h"
#include "cuda/unit.h"
#include "ops/movement.h"

// Operators that only bring elements to other places: Transpose, Concat, Split, Slice, Expand,
// Tile.
namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using Axis = ops::StridedCopy::Axis;
using Axes = std::vector<Axis>;

// A part of one input that becomes a part of one output; starts and strides in units.
struct Part {
  int input, output;
  std::int64_t from, to;
  Walk<2> walk;  // strides of the source, of the destination
};

// --- Runs of neighbours, moved in wider units than elements ---

// The widest unit in which the copy of elements so wide can be told.
std::int64_t widest_unit_of(const ops::StridedCopy& copy, std::int64_t bytes) {
  if (copy.axes.empty() || copy.axes.back().from != 1 || copy.axes.back().to != 1) return bytes;
  std::int64_t unit = widest_unit(
      {copy.from_start * bytes, copy.to_start * bytes, copy.axes.back().extent * bytes});
  for (auto axis = copy.axes.begin(); axis != copy.axes.end() - 1; ++axis) {
    unit = widest_unit({unit, axis->from * bytes, axis->to * bytes});
  }
  return unit;
}

// The same copy in units of so many elements.
ops::StridedCopy in_units(ops::StridedCopy copy, std::int64_t elements) {
  if (elements == 1) return copy;
  copy.from_start /= elements;
  copy.to_start /= elements;
  for (auto axis = copy.axes.begin(); axis != copy.axes.end() - 1; ++axis) {
    axis->from /= elements;
    axis->to /= elements;
  }
  copy.axes.back().extent /= elements;
  return copy;
}

// Several parts in one launch. Unit i of all is one of the first part whose `end` is beyond.
template <typename T, int kParts>
struct CopyParts {
  struct OnePart {
    const T* from;
    T* to;
    std::int64_t end;
    Walk<2> walk;
  };
  OnePart parts[kParts];

  __device__ void operator()(std::int64_t i) const {
    int at = 0;
    std::int64_t begin = 0;
    while (i >= parts[at].end) begin = parts[at++].end;
    const OnePart& part = parts[at];
    const auto offsets = part.walk.at(i - begin);
    part.to[offsets.of[1]] = part.from[offsets.of[0]];
  }
};

template <typename T, int kParts>
Status copy_parts(std::span<const Part> parts, const KernelArgs& args) {
  CopyParts<T, kParts> body{};
  std::int64_t count = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    count += part.walk.count;
    body.parts[i] = {args.in<T>(part.input) + part.from, args.out<T>(part.output) + part.to, count,
                     part.walk};
  }
  return for_each("copy_parts", count, args.queue, body);
}

// Whether the plan has laid the part where it is to go.
template <typename T>
bool in_place(const Part& part, const KernelArgs& args) {
  return args.in<T>(part.input) + part.from == args.out<T>(part.output) + part.to;
}

template <typename T>
Kernel copy_kernel(std::vector<Part> parts) {
  return [parts = std::move(parts)](const KernelArgs& args) -> Status {
    constexpr std::size_t kTogether = 8;
    if (parts.size() == 1) {
      return in_place<T>(parts[0], args) ? Status(Status::SUCCESS) : copy_parts<T, 1>(parts, args);
    }
    std::array<Part, kTogether> some;
    std::size_t count = 0;
    for (const Part& part : parts) {
      if (in_place<T>(part, args)) continue;
      some[count++] = part;
      if (count < kTogether) continue;
      MI_TRY((copy_parts<T, kTogether>(some, args)));
      count = 0;
    }
    if (count == 0) return Status::SUCCESS;
    return copy_parts<T, kTogether>(std::span(some).first(count), args);
  };
}

Result<Kernel> bind_copies(const NodeView& view, std::vector<ops::Move> moves, std::int64_t bytes) {
  std::int64_t unit = 16;
  for (const ops::Move& move : moves) unit = std::min(unit, widest_unit_of(move.copy, bytes));
  std::vector<Part> parts;
  for (ops::Move& move : moves) {
    const ops::StridedCopy copy = in_units(std::move(move.copy), unit / bytes);
    MI_ASSIGN(const Walk<2> walk, Walk<2>::of(view, copy));
    parts.push_back({move.input, move.output, copy.from_start, copy.to_start, walk});
  }
  return for_unit(unit, [&]<typename T>(T) { return copy_kernel<T>(std::move(parts)); });
}

// --- Transpositions ---

// The axis along which the neighbours of the source lie, where those of the destination lie along
// another and tiles pay.
std::optional<std::size_t> find_rows(const Axes& axes) {
  constexpr std::int64_t kLeast = 16;
  if (axes.empty()) return std::nullopt;
  const Axis& columns = axes.back();
  if (columns.to != 1 || columns.from == 1 || columns.extent < kLeast) return std::nullopt;
  const auto rows = std::find_if(axes.begin(), axes.end(), [](const Axis& axis) {
    return axis.from == 1 && axis.extent >= kLeast;
  });
  if (rows == axes.end()) return std::nullopt;
  return static_cast<std::size_t>(rows - axes.begin());
}

Result<Kernel> bind_transpose(const NodeView& view) {
  MI_ASSIGN(std::vector<ops::Move> moves, ops::moves_of(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  if (moves.empty()) return nothing_to_do();
  const auto rows = find_rows(moves[0].copy.axes);
  if (!rows) return bind_copies(view, std::move(moves), bytes);
  ops::StridedCopy others = moves[0].copy;
  Axes& axes = others.axes;
  Transposition shape{.rows = axes[*rows].extent,
                      .row_to = axes[*rows].to,
                      .columns = axes.back().extent,
                      .column_from = axes.back().from,
                      .walk = {}};
  axes.pop_back();
  axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(*rows));
  MI_ASSIGN(shape.walk, Walk<2>::of(view, others));
  return for_unit(bytes, [&]<typename T>(T) -> Kernel {
    return [shape](const KernelArgs& args) {
      return transpose(shape, args.in<T>(0), args.out<T>(0), args.queue);
    };
  });
}

Result<Kernel> bind_movement(const NodeView& view) {
  MI_ASSIGN(std::vector<ops::Move> moves, ops::moves_of(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  if (moves.empty()) return nothing_to_do();
  return bind_copies(view, std::move(moves), bytes);
}

constexpr KernelEntry kTable[] = {
    {"Transpose", bind_transpose}, {"Concat", bind_movement}, {"Split", bind_movement},
    {"Slice", bind_movement},      {"Expand", bind_movement}, {"Tile", bind_movement},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kMovementKernels = kTable;

}  // namespace mini_infer::cuda
