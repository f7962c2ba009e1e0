#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cpu/ops/dispatch.h"
#include "ops/reduce.h"
#include "ops/reduce_functor.h"

// Reductions in a fixed order: the same input gives the same bits, however it is compiled.
namespace mini_infer::cpu {

using ops::kWideIntegers;
using ops::ReductionPlan;

// The offsets of all positions along some axes of more than one element each, in row-major order.
class Walk {
 public:
  explicit Walk(std::span<const ReductionPlan::Axis> axes) : axes_(axes) {
    std::fill_n(index_.begin(), axes.size(), 0);
  }
  bool done() const { return done_; }
  std::int64_t offset() const { return offset_; }
  void next();

 private:
  static constexpr std::size_t kMaxAxes = 63;  // a tensor has fewer than 2^63 elements
  std::span<const ReductionPlan::Axis> axes_;
  std::array<std::int64_t, kMaxAxes> index_;
  std::int64_t offset_ = 0;
  bool done_ = false;
};

// Op is one of ops/reduce_functor.h. Stored is how the elements lie in memory, Op::T what they are
// computed in.
inline constexpr std::int64_t kReduceLanes = 32;

// Neighbours, in eight parts side by side.
template <typename Op, typename Stored>
typename Op::State reduce_run(const Stored* x, std::int64_t count) {
  constexpr std::int64_t kParts = 8;
  std::array<typename Op::State, kParts> parts;
  parts.fill(Op::start());
  std::int64_t i = 0;
  for (; i + kParts <= count; i += kParts) {
    for (std::int64_t part = 0; part < kParts; ++part) {
      Op::add(parts[static_cast<std::size_t>(part)], ops::widened(x[i + part]));
    }
  }
  for (; i < count; ++i) Op::add(parts[0], ops::widened(x[i]));
  for (std::size_t half = kParts / 2; half > 0; half /= 2) {
    for (std::size_t part = 0; part < half; ++part) Op::join(parts[part], parts[part + half]);
  }
  return parts[0];
}

// One output from elements whose innermost reduced axis is contiguous.
template <typename Op, typename Stored>
void reduce_one(const ReductionPlan& plan, const Stored* x, Stored* y) {
  typename Op::State total = Op::start();
  if (plan.reduced.empty()) {
    Op::add(total, ops::widened(*x));
  } else {
    const std::span<const ReductionPlan::Axis> axes = plan.reduced;
    for (Walk rows(axes.first(axes.size() - 1)); !rows.done(); rows.next()) {
      Op::join(total, reduce_run<Op>(x + rows.offset(), axes.back().extent));
    }
  }
  *y = ops::convert<Stored>(Op::finish(total, plan.count));
}

// `lanes` neighbouring outputs from rows of neighbours.
template <typename Op, typename Stored>
void reduce_lanes(const ReductionPlan& plan, std::int64_t lanes, const Stored* x, Stored* y) {
  std::array<typename Op::State, kReduceLanes> totals;
  totals.fill(Op::start());
  for (Walk rows(plan.reduced); !rows.done(); rows.next()) {
    const Stored* row = x + rows.offset();
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      Op::add(totals[static_cast<std::size_t>(lane)], ops::widened(row[lane]));
    }
  }
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    const auto result = Op::finish(totals[static_cast<std::size_t>(lane)], plan.count);
    y[lane] = ops::convert<Stored>(result);
  }
}

template <typename Op, typename Stored>
void reduce(const ReductionPlan& plan, const Stored* x, Stored* y) {
  for (Walk kept(plan.kept); !kept.done(); kept.next()) {
    const Stored* block = x + kept.offset();
    if (plan.lanes == 1) {
      reduce_one<Op>(plan, block, y++);
      continue;
    }
    for (std::int64_t lane = 0; lane < plan.lanes; lane += kReduceLanes) {
      const std::int64_t lanes = std::min(kReduceLanes, plan.lanes - lane);
      reduce_lanes<Op>(plan, lanes, block + lane, y);
      y += lanes;
    }
  }
}

template <typename Op, typename Stored>
core::Result<ops::Kernel> bind_reduction(const ops::NodeView& view) {
  MI_ASSIGN(const ops::Reduction reduction, ops::reduction_of(view));
  ReductionPlan plan = ops::plan_reduction(view.input_shape(0), reduction);
  return ops::Kernel([plan = std::move(plan)](const ops::KernelArgs& args) -> core::Status {
    auto* y = args.out<Stored>(0);
    if (plan.count == 0) {
      const auto result = Op::finish(Op::start(), 0);
      std::fill_n(y, plan.outputs, ops::convert<Stored>(result));
    } else if (plan.outputs > 0) {
      reduce<Op>(plan, args.in<Stored>(0), y);
    }
    return core::Status::SUCCESS;
  });
}

// bind_reduction for the one of `served` that the node's type is.
template <template <typename> typename Op, typename Served>
core::Result<ops::Kernel> bind_reduction_of(const ops::NodeView& view, Served served) {
  return for_type(view, view.input_type(0), served, [&](auto zero) {
    using Stored = decltype(zero);
    return bind_reduction<Op<Wide<Stored>>, Stored>(view);
  });
}

}  // namespace mini_infer::cpu
