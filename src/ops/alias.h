#pragma once

#include <vector>

#include "ops/op_def.h"

namespace mini_infer::ops {

// The alias facts of this node that its shapes allow: both slots are there, and the output has as
// many bytes as the input. Whether they are safe at a place in an order is the scheduler's
// question.
std::vector<Alias> aliases(const NodeView& view);

// Whether the set names this slot.
bool contains(InputSet set, int slot);

// Bytes of a value whose type and shape are known.
std::size_t bytes_of(const graph::Value& value);

// Whether kernels read the bytes of this input slot while running: it is there, and is neither a
// value input nor one of which only the shape matters.
bool reads_bytes(const NodeView& view, int slot);

}  // namespace mini_infer::ops
