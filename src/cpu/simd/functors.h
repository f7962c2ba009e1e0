#pragma once

#include "ops/convert.h"
#include "ops/functor.h"
#include "ops/types.h"

// What the elementwise loops of code/ are compiled for. The types stand for their places in the
// tables: those of ops/functor.h are other types in the code of each instruction set.
namespace mini_infer::cpu {

using ops::StoredFloats;
using ops::Types;

using UnaryFunctors =
    Types<ops::Relu, ops::Clip, ops::LeakyRelu, ops::ThresholdedRelu, ops::Shrink, ops::Sigmoid,
          ops::Swish, ops::HardSigmoid, ops::HardSwish, ops::Elu, ops::Selu, ops::Celu,
          ops::Softplus, ops::Softsign, ops::Mish, ops::Gelu, ops::GeluTanh, ops::Exp, ops::Log,
          ops::Tanh, ops::Erf, ops::Reciprocal, ops::Sqrt, ops::Floor, ops::Ceil, ops::Round,
          ops::Neg, ops::Abs, ops::Sign, ops::Standardize>;

using BinaryFunctors =
    Types<ops::Add, ops::Sub, ops::Mul, ops::Div, ops::Max, ops::Min, ops::PRelu>;

}  // namespace mini_infer::cpu
