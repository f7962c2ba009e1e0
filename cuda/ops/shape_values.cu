#include <algorithm>
#include <cstring>

#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/fill.h"
#include "cuda/place.h"
#include "cuda/unit.h"
#include "ops/dispatch.h"
#include "ops/shape_values.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// --- Shape, Size ---

struct YieldBody {
  static constexpr std::size_t kMost = 64;

  std::int64_t* output;
  std::int64_t values[kMost];

  __device__ void operator()(std::int64_t i) const { output[i] = values[i]; }
};

Result<Kernel> yield_int64s(const NodeView& view, const std::vector<std::int64_t>& values) {
  if (values.size() > YieldBody::kMost) {
    return view.unsupported("a shape of " + std::to_string(values.size()) + " axes");
  }
  YieldBody body{};
  std::copy(values.begin(), values.end(), body.values);
  return Kernel([body, count = static_cast<std::int64_t>(values.size())](const KernelArgs& args) {
    YieldBody placed = body;
    placed.output = args.out<std::int64_t>(0);
    return for_each("yield", count, args.queue, placed);
  });
}

Result<Kernel> bind_shape(const NodeView& view) {
  return yield_int64s(view, ops::shape_extents(view));
}

Result<Kernel> bind_size(const NodeView& view) {
  return yield_int64s(view, {view.input_shape(0).elements()});
}

// --- ConstantOfShape ---

Result<Kernel> bind_constant_of_shape(const NodeView& view) {
  MI_ASSIGN(const core::Tensor value, ops::repeated_value(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, value.type()));
  const std::int64_t count = view.output_shape(0).elements();
  return for_unit(bytes, [&]<typename T>(T element) -> Kernel {
    std::memcpy(&element, value.bytes().data(), sizeof element);
    return [element, count](const KernelArgs& args) {
      return fill("constant", args.out<T>(0), count, element, args.queue);
    };
  });
}

// --- Range ---

template <typename T, typename Number>
struct RangeBody {
  T* output;
  Number start, delta;

  __device__ void operator()(std::int64_t i) const {
    output[i] = ops::convert<T>(ops::range_element(start, delta, i));
  }
};

Result<Kernel> bind_range(const NodeView& view) {
  MI_ASSIGN(const ops::RangeValues range, ops::range_values(view));
  constexpr auto kTypes = ops::kFloats + ops::Types<std::int16_t, std::int32_t, std::int64_t>{};
  return ops::for_type(view, view.input_type(0), kTypes, [&]<typename T>(T) -> Kernel {
    using Number = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
    const Number start = std::get<Number>(range.start);
    const Number delta = std::get<Number>(range.delta);
    return [start, delta, count = range.count](const KernelArgs& args) {
      return for_each("range", count, args.queue,
                      RangeBody<T, Number>{args.out<T>(0), start, delta});
    };
  });
}

// --- EyeLike ---

template <typename T>
struct EyeBody {
  T* output;
  T one;
  std::int64_t columns, k;

  __device__ void operator()(std::int64_t i) const {
    auto row = static_cast<std::uint64_t>(i);
    const std::int64_t column = take_axis(row, columns);
    output[i] = column - k == static_cast<std::int64_t>(row) ? one : T{};
  }
};

Result<Kernel> bind_eye_like(const NodeView& view) {
  const core::DataType type = view.output_type(0);
  const std::uint64_t bits = ops::bits_of_one(type);
  if (bits == 0) return view.unsupported_type(type);
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, type));
  const std::int64_t count = view.output_shape(0).elements();
  const std::int64_t rows = view.output_shape(0)[0];
  const std::int64_t columns = view.output_shape(0)[1];
  const std::int64_t k = std::clamp(view.node().get_int("k", 0), -rows, columns);
  return for_unit(bytes, [&]<typename T>(T one) -> Kernel {
    std::memcpy(&one, &bits, std::min(sizeof one, sizeof bits));
    return [=](const KernelArgs& args) {
      return for_each("eye", count, args.queue, EyeBody<T>{args.out<T>(0), one, columns, k});
    };
  });
}

constexpr KernelEntry kTable[] = {
    {"Shape", bind_shape}, {"Size", bind_size},        {"ConstantOfShape", bind_constant_of_shape},
    {"Range", bind_range}, {"EyeLike", bind_eye_like},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kShapeValueKernels = kTable;

}  // namespace mini_infer::cuda
