#include "ops/shape_values.h"

#include <algorithm>
#include <cstring>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/width.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

Kernel yield_int64s(std::vector<std::int64_t> values) {
  return [values = std::move(values)](const KernelArgs& args) -> Status {
    std::copy(values.begin(), values.end(), args.out<std::int64_t>(0));
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_shape(const NodeView& view) { return yield_int64s(ops::shape_extents(view)); }

Result<Kernel> bind_size(const NodeView& view) {
  return yield_int64s({view.input_shape(0).elements()});
}

Result<Kernel> bind_constant_of_shape(const NodeView& view) {
  MI_ASSIGN(const core::Tensor value, ops::repeated_value(view));
  const std::int64_t count = view.output_shape(0).elements();
  return for_width(view, value.type(), [&](auto element) -> Kernel {
    std::memcpy(&element, value.bytes().data(), sizeof element);
    return [element, count](const KernelArgs& args) -> Status {
      std::fill_n(args.out<decltype(element)>(0), count, element);
      return Status::SUCCESS;
    };
  });
}

Result<Kernel> bind_range(const NodeView& view) {
  MI_ASSIGN(const ops::RangeValues range, ops::range_values(view));
  return for_type(view, view.input_type(0),
                  kFloats + Types<std::int16_t, std::int32_t, std::int64_t>{},
                  [&](auto zero) -> Kernel {
                    using T = decltype(zero);
                    using Number = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;
                    const Number start = std::get<Number>(range.start);
                    const Number delta = std::get<Number>(range.delta);
                    return [start, delta, count = range.count](const KernelArgs& args) -> Status {
                      for (std::int64_t i = 0; i < count; ++i) {
                        args.out<T>(0)[i] = ops::convert<T>(ops::range_element(start, delta, i));
                      }
                      return Status::SUCCESS;
                    };
                  });
}

Result<Kernel> bind_eye_like(const NodeView& view) {
  const std::int64_t rows = view.output_shape(0)[0];
  const std::int64_t columns = view.output_shape(0)[1];
  const std::int64_t k = std::clamp(view.node().get_int("k", 0), -rows, columns);
  const std::uint64_t bits = ops::bits_of_one(view.output_type(0));
  if (bits == 0) return view.unsupported_type(view.output_type(0));
  return for_width(view, view.output_type(0), [&](auto width) -> Kernel {
    using T = decltype(width);
    T one{};
    std::memcpy(&one, &bits, std::min(sizeof one, sizeof bits));
    return [=](const KernelArgs& args) -> Status {
      T* output = args.out<T>(0);
      std::fill_n(output, rows * columns, T{});
      const std::int64_t last = std::min(rows, columns - k);
      for (std::int64_t row = std::max<std::int64_t>(0, -k); row < last; ++row) {
        output[row * columns + row + k] = one;
      }
      return Status::SUCCESS;
    };
  });
}

constexpr KernelEntry kTable[] = {
    {"Shape", bind_shape}, {"Size", bind_size},        {"ConstantOfShape", bind_constant_of_shape},
    {"Range", bind_range}, {"EyeLike", bind_eye_like},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kShapeValueKernels = kTable;

}  // namespace mini_infer::cpu
