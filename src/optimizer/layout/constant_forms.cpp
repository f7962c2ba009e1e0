#include "optimizer/layout/constant_forms.h"

#include "core/try.h"

namespace mini_infer::optimizer {

using core::Shape;
using graph::ValueId;

core::Result<ValueId> ConstantForms::permuted(ValueId constant, const Shape& shape,
                                              const Permutation& permutation,
                                              const Shape& final_shape) {
  std::vector<std::int64_t> key = permutation;
  key.insert(key.end(), shape.begin(), shape.end());
  const auto known = made_.find({constant, key});
  if (known != made_.end()) return known->second;

  const graph::Value& value = rewriter_.value(constant);
  const std::string name = value.name + "_nhwc";
  MI_ASSIGN(const core::Tensor moved,
            optimizer::permuted(value.constant->reshaped(shape), permutation));
  const ValueId made = rewriter_.add_constant(name, moved.reshaped(final_shape));
  made_.emplace(std::pair{constant, std::move(key)}, made);
  return made;
}

core::Result<ValueId> ConstantForms::permuted(ValueId constant, const Permutation& permutation) {
  const Shape shape = *rewriter_.value(constant).shape;
  return permuted(constant, shape, permutation, optimizer::permuted(shape, permutation));
}

core::Result<ValueId> ConstantForms::channels_last(ValueId constant, int rank) {
  std::vector<std::int64_t> dims = rewriter_.value(constant).shape->dims();
  dims.insert(dims.begin(), static_cast<std::size_t>(rank) - dims.size(), 1);
  const Shape shape(std::move(dims));
  const Permutation permutation = to_channels_last(rank);
  return permuted(constant, shape, permutation, optimizer::permuted(shape, permutation));
}

}  // namespace mini_infer::optimizer
