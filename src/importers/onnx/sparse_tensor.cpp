#include "importers/onnx/sparse_tensor.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/try.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using core::Tensor;

Status invalid(const std::string& message) { return {Status::ERROR_INVALID_MODEL, message}; }

// The linear index of entry `i`, whose indices are either linear or one per axis.
core::Result<std::int64_t> place_of(std::size_t i, const Tensor& indices,
                                    const core::Shape& shape) {
  const std::span<const std::int64_t> all = indices.as<std::int64_t>();
  if (indices.shape().rank() == 1) {
    if (all[i] >= 0 && all[i] < shape.elements()) return all[i];
    return invalid("index " + std::to_string(all[i]) + " is outside " + shape.to_string());
  }
  std::int64_t place = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const std::int64_t at =
        all[i * static_cast<std::size_t>(shape.rank()) + static_cast<std::size_t>(axis)];
    if (at < 0 || at >= shape[axis]) {
      return invalid("index " + std::to_string(at) + " of axis " + std::to_string(axis) +
                     " is outside " + shape.to_string());
    }
    place = place * shape[axis] + at;
  }
  return place;
}

// [entries] or [entries, rank], as the standard has it.
Status check_parts(const Tensor& values, const Tensor& indices, const core::Shape& shape) {
  const std::int64_t entries = values.elements();
  const core::Shape by_axis{entries, shape.rank()};
  if (values.shape().rank() != 1) {
    return invalid("its values are " + values.shape().to_string() + "; expected one dimension");
  }
  if (indices.type() != core::DataType::kInt64 ||
      (indices.shape() != values.shape() && indices.shape() != by_axis)) {
    return invalid("its indices are " + std::string(core::type_name(indices.type())) +
                   indices.shape().to_string() + "; expected int64" + values.shape().to_string() +
                   " or int64" + by_axis.to_string());
  }
  return Status::SUCCESS;
}

core::Result<Tensor> scatter(const Tensor& values, const Tensor& indices,
                             const core::Shape& shape) {
  MI_TRY(check_parts(values, indices, shape));
  const int bits = core::bits_per_element(values.type());
  if (bits % 8 != 0) {
    return {Status::ERROR_UNSUPPORTED, std::string("is a sparse tensor of ") +
                                           core::type_name(values.type()) +
                                           "; store it as a dense one"};
  }
  const auto width = static_cast<std::size_t>(bits / 8);
  MI_ASSIGN(Tensor dense, Tensor::allocate(values.type(), shape));
  const std::span<std::byte> out = dense.mutable_bytes();
  std::int64_t last = -1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(values.elements()); ++i) {
    MI_ASSIGN(const std::int64_t place, place_of(i, indices, shape));
    if (place <= last) return invalid("its indices are not in ascending order, each once");
    last = place;
    std::memcpy(out.data() + static_cast<std::size_t>(place) * width,
                values.bytes().data() + i * width, width);
  }
  return dense;
}

core::Result<Tensor> read_parts(const SparseTensorMessage& message, const TensorSource& source) {
  MI_ASSIGN(const Tensor values, make_tensor(message.values, source));
  MI_ASSIGN(const Tensor indices, make_tensor(message.indices, source));
  core::Shape shape(message.dims);
  if (!core::checked_bytes(values.type(), shape)) {
    return invalid(std::string(core::type_name(values.type())) + shape.to_string() +
                   " is negative or larger than any memory");
  }
  return scatter(values, indices.aligned(), shape);
}

}  // namespace

core::Result<Tensor> make_dense(const SparseTensorMessage& message, const TensorSource& source) {
  auto tensor = read_parts(message, source);
  if (tensor.ok()) return tensor;
  const std::string name(message.values.name);
  return tensor.status().with_context(name.empty() ? "a sparse tensor"
                                                   : "sparse tensor '" + name + "'");
}

}  // namespace mini_infer::importers
