#pragma once

#include "cpu/backend.h"
#include "ops/dispatch.h"

namespace mini_infer::cpu {

using ops::as_unsigned;
using ops::for_type;
using ops::index_of;
using ops::kFloats;
using ops::kIntegers;
using ops::kNumbers;
using ops::kSignedIntegers;
using ops::kTypeOf;
using ops::kUnsignedIntegers;
using ops::Types;
using ops::Wide;

}  // namespace mini_infer::cpu
