#include "graph/files.h"

#include "core/backing_file.h"

namespace mini_infer::graph {

void release_pages(const Graph& graph) {
  for (const auto& file : graph.files) file->release_all();
}

void release_pages_behind(const Graph& graph, const core::Tensor& made) {
  constexpr std::size_t kLarge = 1 << 20;
  if (made.size_bytes() >= kLarge) release_pages(graph);
}

}  // namespace mini_infer::graph
