#include "runtime/staging.h"

#include <cstring>

#include "core/try.h"
#include "runtime/device_pools.h"

namespace mini_infer::runtime {

std::size_t Staging::lay_out(const EngineState& engine) {
  const std::size_t alignment = engine.config.memory_alignment;
  std::size_t bytes = core::align_up(sizeof(std::uint32_t), alignment);
  const auto place = [&](const std::vector<graph::ValueId>& ids,
                         const std::vector<TensorInfo>& infos, std::vector<Slot>& slots) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Location& at = engine.locations[static_cast<std::size_t>(ids[i])];
      const bool staged = at.space == Location::Space::kArena;
      slots.push_back({bytes, staged ? infos[i].size_bytes : 0});
      bytes += core::align_up(slots.back().bytes, alignment);
    }
  };
  place(engine.compiled.graph.inputs, engine.inputs, inputs_);
  place(engine.compiled.graph.outputs, engine.outputs, outputs_);
  fallback_ = bytes;
  return bytes + engine.compiled.plan.fallback_bytes;
}

std::size_t Staging::bytes_for(const EngineState& engine) { return Staging().lay_out(engine); }

core::Result<Staging> Staging::create(const EngineState& engine) {
  Staging staging;
  const std::size_t bytes = staging.lay_out(engine);
  ops::Device& device = *engine.backend->device();
  MI_ASSIGN(staging.pool_, Arena::allocate("staging", bytes, engine.config.memory_alignment,
                                           staging_allocator(device)));
  std::memset(staging.pool_.data(), 0, bytes);
  return staging;
}

}  // namespace mini_infer::runtime
