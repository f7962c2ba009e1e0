#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mini_infer/graph/graph.h"
#include "ops/backend.h"

namespace mini_infer::runtime {

// One run of bytes in the weights pool: a constant as it is, or in the form a kernel asked for.
struct StoredWeight {
  graph::ValueId constant = graph::kNoValue;
  const ops::PackedInput* packed = nullptr;  // null: as it is
  std::size_t offset = 0;
};

// Where each constant that a kernel reads lies in the weights pool. Equal bytes in an equal form
// are stored once.
struct WeightsLayout {
  std::size_t size_bytes = 0;
  std::vector<StoredWeight> stored;
  // By NodeId, then by input slot; nullopt where the input is no constant that is read.
  std::vector<std::vector<std::optional<std::size_t>>> offset_of;
};

// The forms that the kernel of each node asked for, by NodeId.
using PackedInputs = std::vector<std::vector<ops::PackedInput>>;

// `packed` may be empty (nothing is packed) and must outlive the layout.
WeightsLayout lay_out_weights(const graph::Graph& graph, std::size_t alignment,
                              const PackedInputs& packed = {});

// ERROR_IO names a file of the graph that is no longer as it was when it was imported.
[[nodiscard]] core::Status check_files(const graph::Graph& graph);

// Writes one constant, on the threads: in the form, or as it is where that is null.
void store_weight(const core::Tensor& constant, const ops::PackedInput* packed, std::byte* to,
                  core::ThreadPool& threads);

// Writes the constants into their pool, on the threads; `device`: whose memory it is, null for the
// host's. The graph lets go of each as soon as it is written, and the pages of a mapped file that
// it lay in are given back: all of them twice would double the memory. It keeps those that no
// kernel reads, and inputs of a fixed value, to compare with. ERROR_IO when a file of the graph has
// changed since it was imported; what is in the pool is then worth nothing.
[[nodiscard]] core::Status fill_weights(graph::Graph& graph, const WeightsLayout& layout,
                                        std::byte* pool, core::ThreadPool& threads,
                                        ops::Device* device = nullptr);

}  // namespace mini_infer::runtime
