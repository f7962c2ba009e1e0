#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ops/backend.h"

namespace mini_infer::cuda {

// Kernels beside those of cuda/ops, which a node gets before them. Immutable.
class KernelSource {
 public:
  virtual ~KernelSource() = default;
  // Looks at a node once, shapes known; nullopt: the node is not for it.
  virtual core::Result<std::optional<ops::Kernel>> bind(const ops::NodeView& view,
                                                        const ops::BindContext& context) const = 0;
};

using KernelSources = std::vector<std::shared_ptr<const KernelSource>>;

// Of several kernels for a node, which one it gets.
using Judge = std::function<int(const ops::NodeView& view, std::span<const ops::Kernel> kernels,
                                const ops::BindContext& context)>;

// The kernels of the sources, in this order, and then those of cuda/ops. Where a node is served by
// both the judge decides, and without one the source's is taken. Without a device nodes are bound
// and not run. Immutable.
std::unique_ptr<ops::Backend> make_backend(std::unique_ptr<ops::Device> device,
                                           KernelSources sources = {}, Judge judge = nullptr);

// A function that makes a node ready to run, shapes known.
using Bind = core::Result<ops::Kernel> (*)(const ops::NodeView&);

struct KernelEntry {
  std::string_view type;
  Bind bind;
  std::string_view domain = "";
};

// The kernel, and the name of the way in which it computes.
inline ops::Kernel named(std::string name, ops::Kernel kernel) {
  kernel.choice.name = std::move(name);
  return kernel;
}

// Of an output without elements.
inline ops::Kernel nothing_to_do() {
  return [](const ops::KernelArgs&) -> core::Status { return core::Status::SUCCESS; };
}

}  // namespace mini_infer::cuda
