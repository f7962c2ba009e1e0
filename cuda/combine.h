#pragma once

#include "cuda/each.h"
#include "cuda/fault.h"
#include "cuda/pack.h"
#include "cuda/walk.h"
#include "ops/convert.h"

namespace mini_infer::cuda {

// Nothing is wrong with any number.
struct AllowAll {
  template <typename T>
  __device__ bool operator()(T) const {
    return true;
  }
};

// y = function(a, b), broadcast; where b is not `allowed` a fault is raised and y is 0.
template <typename A, typename B, typename Out, typename Function, typename Allowed>
struct CombineBody {
  const A* a;
  const B* b;
  Out* y;
  Walk<2> walk;
  Function function;
  Allowed allowed;
  Fault fault;
  int left;  // the input that is a

  __device__ void operator()(std::int64_t i) const {
    const auto offsets = walk.at(i);
    const auto x = ops::widened(a[offsets.of[left]]);
    const auto other = ops::widened(b[offsets.of[1 - left]]);
    if (!allowed(other)) {
      fault.raise();
      y[i] = ops::convert<Out>(decltype(x)(0));
      return;
    }
    y[i] = ops::convert<Out>(function(x, other));
  }
};

// The same for inputs that lie as the output does or are one number: 16 bytes at a time.
template <typename T, typename Function>
struct DenseBody {
  const T* a;
  const T* b;
  T* y;
  std::int64_t count;
  Function function;
  bool a_single, b_single;

  __device__ T one(T left, T right) const {
    return ops::convert<T>(function(ops::widened(left), ops::widened(right)));
  }

  static __device__ Pack<T> read(const T* from, std::int64_t first, bool single) {
    return single ? repeat(*from) : load_pack(from + first);
  }

  __device__ void operator()(std::int64_t item) const {
    constexpr int kCount = Pack<T>::kCount;
    const std::int64_t first = item * kCount;
    if (first + kCount <= count) {
      const Pack<T> left = read(a, first, a_single);
      const Pack<T> right = read(b, first, b_single);
      Pack<T> out;
      for (int i = 0; i < kCount; ++i) out.at[i] = one(left.at[i], right.at[i]);
      store_pack(y + first, out);
    } else {
      for (std::int64_t i = first; i < count; ++i) {
        y[i] = one(a_single ? *a : a[i], b_single ? *b : b[i]);
      }
    }
  }
};

// function(input `left`, the other input).
template <typename A, typename B, typename Out, typename Function, typename Allowed = AllowAll>
ops::Kernel combine_kernel(const char* name, const Walk<2>& walk, Function function, int left = 0,
                           Allowed allowed = {}) {
  return [=](const ops::KernelArgs& args) {
    return for_each(name, walk.count, args.queue,
                    CombineBody<A, B, Out, Function, Allowed>{
                        args.in<A>(left), args.in<B>(1 - left), args.out<Out>(0), walk, function,
                        allowed, Fault::of(args), left});
  };
}

// For inputs and output of type T, by the fastest code there is.
template <typename T, typename Function>
ops::Kernel elementwise_kernel(const char* name, const Walk<2>& walk, Function function) {
  const auto plain = [&](int input) { return walk.dense(input) || walk.single(input); };
  if (!plain(0) || !plain(1)) return combine_kernel<T, T, T>(name, walk, function);
  return [=](const ops::KernelArgs& args) {
    constexpr int kCount = Pack<T>::kCount;
    return for_each(name, (walk.count + kCount - 1) / kCount, args.queue,
                    DenseBody<T, Function>{args.in<T>(0), args.in<T>(1), args.out<T>(0), walk.count,
                                           function, walk.single(0), walk.single(1)});
  };
}

}  // namespace mini_infer::cuda
