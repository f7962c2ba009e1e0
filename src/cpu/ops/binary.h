#pragma once

#include <algorithm>

#include "cpu/ops/broadcast.h"
#include "cpu/ops/dispatch.h"

namespace mini_infer::cpu {

// output[i] = function(left[i], right[i]). The output may be either input.
template <typename A, typename B, typename Out, typename Function>
void combine(Row<A> left, Row<B> right, Out* output, std::int64_t length, Function function) {
  along(left, [&](auto a) {
    along(right, [&](auto b) {
      for (std::int64_t i = 0; i < length; ++i) output[i] = function(a[i], b[i]);
    });
  });
}

// function(input `left`, the other input).
template <typename A, typename B, typename Out, typename Function>
ops::Kernel binary_kernel(Broadcast plan, Function function, int left = 0) {
  return [plan = std::move(plan), function, left](const ops::KernelArgs& args) -> core::Status {
    const int right = 1 - left;
    const A* a = args.in<A>(left);
    const B* b = args.in<B>(right);
    Out* output = args.out<Out>(0);
    plan.for_each_row([&](std::int64_t at, const Broadcast::Index& index) {
      combine(plan.row(left, a, index), plan.row(right, b, index), output + at, plan.row_length(),
              function);
    });
    return core::Status::SUCCESS;
  };
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
core::Result<ops::Kernel> bind_binary(const ops::NodeView& view, core::DataType type,
                                      Types<Ts...> types, Function function) {
  MI_ASSIGN(const Broadcast plan, Broadcast::of(view));
  return for_type(view, type, types,
                  [&]<typename T>(T) { return binary_kernel<T, T, T>(plan, function); });
}

}  // namespace mini_infer::cpu
