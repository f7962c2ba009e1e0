#include <algorithm>

#include "cuda/backend.h"
#include "cuda/index.h"
#include "cuda/map.h"
#include "cuda/unit.h"
#include "ops/dispatch.h"
#include "ops/functor.h"
#include "ops/indexing.h"
#include "ops/shapes.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::ScatterReduction;

// How rows of the indices name places of the data.
struct Scatter {
  static constexpr int kMaxDepth = 8;

  int depth;
  std::int64_t rows;
  std::int64_t slice;  // elements or units per row, as strides are
  std::int64_t extents[kMaxDepth];
  std::int64_t strides[kMaxDepth];

  // -1 after raising a fault.
  __device__ std::int64_t place(const std::int64_t* row, const Fault& fault) const {
    std::int64_t offset = 0;
    for (int axis = 0; axis < depth; ++axis) {
      const std::int64_t index = place_of(row[axis], extents[axis], fault);
      if (index < 0) return -1;
      offset += index * strides[axis];
    }
    return offset;
  }
};

constexpr int kWarp = 32;

// The rows that name one place are folded in order by the warp of the first of them: nothing
// depends on which warp comes first.
template <typename T, typename Combine>
struct ScatterBody {
  const std::int64_t* indices;
  const T* updates;
  T* output;
  Scatter scatter;
  Combine combine;
  Fault fault;

  struct Rows {
    std::int64_t first, last;
  };

  __device__ std::int64_t place(std::int64_t row) const {
    return scatter.place(indices + row * scatter.depth, fault);
  }

  // The first and last row of this place.
  __device__ Rows rows_of(std::int64_t place_of_row, std::int64_t row) const {
    Rows rows{row, row};
    for (std::int64_t other = threadIdx.x; other < scatter.rows; other += kWarp) {
      if (place(other) != place_of_row) continue;
      rows = {other < rows.first ? other : rows.first, other > rows.last ? other : rows.last};
    }
    for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) {
      const std::int64_t first = __shfl_xor_sync(0xffffffffu, rows.first, lanes);
      const std::int64_t last = __shfl_xor_sync(0xffffffffu, rows.last, lanes);
      rows = {first < rows.first ? first : rows.first, last > rows.last ? last : rows.last};
    }
    return rows;
  }

  __device__ void operator()(std::int64_t row) const {
    const std::int64_t to = place(row);
    if (to < 0) return;
    const Rows rows = rows_of(to, row);
    if (rows.first != row) return;
    const int lane = static_cast<int>(blockIdx.y) * kWarp + static_cast<int>(threadIdx.x);
    for (std::int64_t i = lane; i < scatter.slice; i += gridDim.y * kWarp) {
      T folded = output[to + i];
      for (std::int64_t other = row; other <= rows.last; ++other) {
        if (other != row && place(other) != to) continue;
        folded = combine(folded, updates[other * scatter.slice + i]);
      }
      output[to + i] = folded;
    }
  }
};

template <typename T, typename Combine>
__global__ void scatter_kernel(ScatterBody<T, Combine> body) {
  for (std::int64_t row = blockIdx.x; row < body.scatter.rows; row += gridDim.x) body(row);
}

template <typename T, typename Combine>
Kernel scatter_into(const Scatter& scatter, std::size_t bytes, Combine combine) {
  return [=](const KernelArgs& args) -> Status {
    if (args.inputs[0] != args.outputs[0]) {
      MI_TRY((map<std::uint8_t, std::uint8_t>("copy", static_cast<std::int64_t>(bytes), args,
                                              ops::Unchanged{})));
    }
    constexpr std::int64_t kPerBlock = 8 * kWarp;
    const std::int64_t slices =
        std::min<std::int64_t>(64, (scatter.slice + kPerBlock - 1) / kPerBlock);
    return launch("scatter", scatter_kernel<T, Combine>,
                  {.blocks = {blocks_for(scatter.rows, 1), static_cast<unsigned>(slices)},
                   .threads = kWarp,
                   .barriers = true},
                  args.queue,
                  ScatterBody<T, Combine>{args.in<std::int64_t>(1), args.in<T>(2), args.out<T>(0),
                                          scatter, combine, Fault::of(args)});
  };
}

struct Replace {
  template <typename T>
  __device__ T operator()(const T&, const T& update) const {
    return update;
  }
};

template <typename Function>
struct Reduce {
  template <typename T>
  __device__ T operator()(T old, T update) const {
    return ops::convert<T>(Function{}(ops::widened(old), ops::widened(update)));
  }
};

Result<Scatter> scatter_of(const NodeView& view) {
  const ops::ScatterRows rows = ops::scatter_rows(view);
  if (rows.depth > Scatter::kMaxDepth) {
    return view.unsupported("indices that name " + std::to_string(rows.depth) +
                            " axes (more than " + std::to_string(Scatter::kMaxDepth) + ")");
  }
  Scatter scatter{rows.depth, rows.rows, rows.slice, {}, {}};
  const std::vector<std::int64_t> strides = ops::strides_of(view.input_shape(0));
  for (int axis = 0; axis < rows.depth; ++axis) {
    scatter.extents[axis] = view.input_shape(0)[axis];
    scatter.strides[axis] = strides[static_cast<std::size_t>(axis)];
  }
  return scatter;
}

// The same in units of so many elements.
Scatter in_units(Scatter scatter, std::int64_t elements) {
  scatter.slice /= elements;
  for (int axis = 0; axis < scatter.depth; ++axis) scatter.strides[axis] /= elements;
  return scatter;
}

Result<Kernel> bind_replacing(const NodeView& view, const Scatter& scatter) {
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  const std::int64_t unit = widest_unit({scatter.slice * bytes});
  const Scatter units = in_units(scatter, unit / bytes);
  return for_unit(unit, [&]<typename T>(T) {
    return scatter_into<T>(units, static_cast<std::size_t>(view.input_shape(0).elements() * bytes),
                           Replace{});
  });
}

template <typename Function>
Result<Kernel> bind_reducing(const NodeView& view, const Scatter& scatter) {
  return ops::for_type(view, view.input_type(0), ops::kNumbers, [&]<typename T>(T) {
    return scatter_into<T>(scatter,
                           static_cast<std::size_t>(view.input_shape(0).elements()) * sizeof(T),
                           Reduce<Function>{});
  });
}

Result<Kernel> bind_reduction(const NodeView& view, const Scatter& scatter) {
  MI_ASSIGN(const ScatterReduction reduction, ops::scatter_reduction(view));
  switch (reduction) {
    case ScatterReduction::kNone:
      break;
    case ScatterReduction::kAdd:
      return bind_reducing<ops::Add>(view, scatter);
    case ScatterReduction::kMul:
      return bind_reducing<ops::Mul>(view, scatter);
    case ScatterReduction::kMax:
      return bind_reducing<ops::Max>(view, scatter);
    case ScatterReduction::kMin:
      return bind_reducing<ops::Min>(view, scatter);
  }
  return bind_replacing(view, scatter);
}

Result<Kernel> bind_scatter_nd(const NodeView& view) {
  MI_ASSIGN(const Scatter scatter, scatter_of(view));
  MI_ASSIGN(Kernel kernel, bind_reduction(view, scatter));
  kernel.fault = index_fault(view, {scatter.extents, static_cast<std::size_t>(scatter.depth)});
  return kernel;
}

constexpr KernelEntry kTable[] = {{"ScatterND", bind_scatter_nd}};

}  // namespace

extern constinit const std::span<const KernelEntry> kScatterNdKernels = kTable;

}  // namespace mini_infer::cuda
