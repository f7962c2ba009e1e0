#pragma once

#include <variant>

#include "core/try.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// Integers keep every digit; floating types are widened.
using Scalar = std::variant<std::int64_t, double>;

// The one element of a value input, which must be known before planning. ERROR_UNSUPPORTED for a
// type other than the 16 to 64-bit floats and the integers up to int64.
core::Result<Scalar> scalar(const NodeView& view, int slot);

// The same, where the standard wants a whole number: a fraction is cut off.
core::Result<std::int64_t> whole_scalar(const NodeView& view, int slot);

// The same, as a floating number.
core::Result<double> real_scalar(const NodeView& view, int slot);

}  // namespace mini_infer::ops
