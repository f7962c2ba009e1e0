#pragma once

#include <algorithm>

#include "cpu/ops/broadcast.h"
#include "cpu/ops/dispatch.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {

// output[i] = function(left[i], right[i]). The output may be either input.
template <typename A, typename B, typename Out, typename Function>
void combine(Row<A> left, Row<B> right, Out* output, std::int64_t length, Function function) {
  along(left, [&](auto a) {
    along(right, [&](auto b) {
      for (std::int64_t i = 0; i < length; ++i) {
        output[i] = ops::convert<Out>(function(ops::widened(a[i]), ops::widened(b[i])));
      }
    });
  });
}

// function(input `left`, the other input).
template <typename A, typename B, typename Out, typename Function>
ops::Kernel binary_kernel(Broadcast plan, Function function, int left = 0) {
  return [plan = std::move(plan), function, left](const ops::KernelArgs& args) -> core::Status {
    const int right = 1 - left;
    plan.for_each_block(*args.threads, [&](const Broadcast::Block& block) {
      const auto a = plan.rows(left, args.in<A>(left), block);
      const auto b = plan.rows(right, args.in<B>(right), block);
      Out* output = args.out<Out>(0) + block.at;
      for (std::int64_t row = 0; row < block.rows; ++row, output += block.length) {
        combine(a[row], b[row], output, block.length, function);
      }
    });
    return core::Status::SUCCESS;
  };
}

// The same for numbers that are computed in float, by vector code.
template <typename T>
ops::Kernel vector_kernel(Broadcast plan, BinaryLoop loop) {
  return [plan = std::move(plan), loop](const ops::KernelArgs& args) -> core::Status {
    plan.for_each_block(*args.threads, [&](const Broadcast::Block& block) {
      const auto operand = [&](int input) -> RowOperand {
        const auto rows = plan.rows(input, args.in<T>(input), block);
        return {rows.first, rows.step, rows.repeats};
      };
      loop({.a = operand(0),
            .b = operand(1),
            .y = args.out<T>(0) + block.at,
            .rows = block.rows,
            .length = block.length});
    });
    return core::Status::SUCCESS;
  };
}

// For inputs and output of type T, by the fastest code there is.
template <typename T, typename Function>
ops::Kernel elementwise_kernel(Broadcast plan, Function function, const Simd& simd) {
  constexpr int kIndex = index_of<Function>(BinaryFunctors{});
  if constexpr (index_of<T>(StoredFloats{}) >= 0 && kIndex >= 0) {
    return vector_kernel<T>(std::move(plan), simd.loops_of<T>().binary[kIndex]);
  } else {
    return binary_kernel<T, T, T>(std::move(plan), function);
  }
}

// The kernel, after a look at every element of input 1; one that is `forbidden` is an error.
template <typename T, typename Forbidden>
ops::Kernel guarded(const ops::NodeView& view, ops::Kernel kernel, Forbidden forbidden,
                    const std::string& complaint) {
  if (view.output_shape(0).elements() == 0) return kernel;
  const std::int64_t count = view.input_shape(1).elements();
  return [kernel = std::move(kernel), forbidden, count,
          failure = view.fail(core::Status::ERROR_RUNTIME, complaint)](
             const ops::KernelArgs& args) -> core::Status {
    const T* elements = args.in<T>(1);
    if (std::any_of(elements, elements + count, forbidden)) return failure;
    return kernel(args);
  };
}

// For inputs and output of one type, which is one of `types`.
template <typename... Ts, typename Function>
core::Result<ops::Kernel> bind_binary(const ops::NodeView& view, const BindContext& context,
                                      core::DataType type, Types<Ts...> types, Function function) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, type, types, [&]<typename T>(T) {
    return elementwise_kernel<T>(plan, function, *context.simd);
  });
}

}  // namespace mini_infer::cpu
