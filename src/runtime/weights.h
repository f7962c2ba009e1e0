#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mini_infer/graph/graph.h"

namespace mini_infer::runtime {

// Where each constant that a kernel reads lies in the weights pool. Equal bytes are stored once.
struct WeightsLayout {
  std::size_t size_bytes = 0;
  std::vector<std::optional<std::size_t>> offset_of;  // by ValueId; nullopt: not in the pool
  std::vector<graph::ValueId> stored;                 // one constant for each stored run of bytes
};

WeightsLayout lay_out_weights(const graph::Graph& graph, std::size_t alignment);

}  // namespace mini_infer::runtime
