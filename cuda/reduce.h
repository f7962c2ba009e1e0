#pragma once

#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/place.h"
#include "cuda/team.h"
#include "ops/dispatch.h"
#include "ops/reduce.h"
#include "ops/reduce_functor.h"

// Reductions over any axes: a team for each output.
namespace mini_infer::cuda {

// Where things that are counted along some axes lie, in elements. Plain values, for kernels.
struct ReductionAxes {
  static constexpr std::size_t kMaxAxes = 9;
  using Axis = ops::ReductionPlan::Axis;

  int axes = 0;
  std::int64_t extents[kMaxAxes] = {};  // innermost first
  std::int64_t strides[kMaxAxes] = {};

  static core::Result<ReductionAxes> of(const ops::NodeView& view, const std::vector<Axis>& from) {
    if (from.size() > kMaxAxes) {
      return view.unsupported("reducing a tensor with more than " + std::to_string(kMaxAxes) +
                              " axes that cannot be merged");
    }
    ReductionAxes result;
    for (auto axis = from.rbegin(); axis != from.rend(); ++axis) {
      result.extents[result.axes] = axis->extent;
      result.strides[result.axes++] = axis->stride;
    }
    return result;
  }

  __device__ std::int64_t at(std::int64_t index) const {
    if (axes == 1) return index * strides[0];
    std::int64_t offset = 0;
    auto rest = static_cast<std::uint64_t>(index);
    for (int axis = 0; axis < axes; ++axis) {
      offset += take_axis(rest, extents[axis]) * strides[axis];
    }
    return offset;
  }
};

// Op is one of ops/reduce_functor.h. Stored is how the elements lie in memory.
template <typename Op, typename Stored>
struct ReduceBody {
  using State = typename Op::State;

  const Stored* x;
  Stored* y;
  ReductionAxes kept, reduced;
  std::int64_t count;

  template <typename Team>
  __device__ void operator()(std::int64_t output, const Team& team) const {
    const Stored* from = x + kept.at(output);
    State state = Op::start();
    for (std::int64_t i = team.rank; i < count; i += Team::kSize) {
      Op::add(state, ops::widened(from[reduced.at(i)]));
    }
    state = team.join(state, [](State a, State b) {
      Op::join(a, b);
      return a;
    });
    if (team.rank == 0) y[output] = ops::convert<Stored>(Op::finish(state, count));
  }
};

template <typename Op, typename Stored>
core::Result<ops::Kernel> bind_reduction(const ops::NodeView& view) {
  MI_ASSIGN(const ops::Reduction reduction, ops::reduction_of(view));
  ops::ReductionPlan plan = ops::plan_reduction(view.input_shape(0), reduction);
  const bool columns = plan.lanes > 1;
  if (columns) plan.kept.push_back({plan.lanes, 1});
  MI_ASSIGN(const ReductionAxes kept, ReductionAxes::of(view, plan.kept));
  MI_ASSIGN(const ReductionAxes reduced, ReductionAxes::of(view, plan.reduced));
  return with_team(plan.outputs, plan.count, columns,
                   [&, outputs = plan.outputs, count = plan.count]<typename Team>(Team) {
                     return ops::Kernel([=](const ops::KernelArgs& args) {
                       return for_each_team<Team>(
                           "reduce", outputs, args.queue,
                           ReduceBody<Op, Stored>{args.in<Stored>(0), args.out<Stored>(0), kept,
                                                  reduced, count});
                     });
                   });
}

// bind_reduction for the one of `served` that the node's type is.
template <template <typename> typename Op, typename Served>
core::Result<ops::Kernel> bind_reduction_of(const ops::NodeView& view, Served served) {
  return ops::for_type(view, view.input_type(0), served, [&]<typename Stored>(Stored) {
    return bind_reduction<Op<ops::Wide<Stored>>, Stored>(view);
  });
}

}  // namespace mini_infer::cuda
