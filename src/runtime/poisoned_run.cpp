#include "runtime/poisoned_run.h"

#include <algorithm>
#include <cstring>

#include "core/try.h"
#include "ops/alias.h"
#include "runtime/context_state.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

constexpr std::byte kPoison{0xA5};

struct Range {
  std::size_t begin, end;  // bytes of the arena
};

void add_range(const ContextState& state, graph::ValueId id, std::vector<Range>& ranges) {
  const Location& at = state.engine->locations[static_cast<std::size_t>(id)];
  if (at.space != Location::Space::kArena) return;
  const std::size_t bytes = ops::bytes_of(state.engine->compiled.graph.value(id));
  if (bytes == 0) return;
  const std::size_t row = at.pitch_bytes == 0 ? bytes : at.row_bytes;
  for (std::size_t i = 0; i < bytes / row; ++i) {
    const std::size_t begin = at.offset + i * at.pitch_bytes;
    ranges.push_back({begin, begin + row});
  }
}

std::vector<Range> read_ranges(const ContextState& state, std::size_t step) {
  const ops::NodeView view(state.engine->compiled.graph, state.engine->steps[step].node);
  std::vector<Range> ranges;
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (!ops::reads_bytes(view, slot)) continue;
    add_range(state, view.node().inputs[static_cast<std::size_t>(slot)], ranges);
  }
  return ranges;
}

std::vector<Range> written_ranges(const ContextState& state, std::size_t step) {
  std::vector<Range> ranges;
  for (graph::ValueId id :
       state.engine->compiled.graph.node(state.engine->steps[step].node).outputs) {
    if (id != graph::kNoValue) add_range(state, id, ranges);
  }
  const WorkspaceRange& workspace = state.engine->workspaces[step];
  ranges.push_back({workspace.offset, workspace.offset + workspace.size_bytes});
  return ranges;
}

void copy_ranges(std::byte* to, const std::byte* from, const std::vector<Range>& ranges) {
  for (const Range& range : ranges) {
    std::memcpy(to + range.begin, from + range.begin, range.end - range.begin);
  }
}

// The arena, on the host or on a device, from and to a buffer of the host.
Status write_arena(ContextState& state, const std::byte* from) {
  const std::size_t bytes = state.arena.size();
  if (state.device == nullptr) {
    std::memcpy(state.arena.data(), from, bytes);
    return Status::SUCCESS;
  }
  MI_TRY(state.device->upload(state.arena.data(), from, bytes, state.last_queue));
  return state.device->synchronize(state.last_queue);
}

// Its bytes, in `copy` where they are a device's.
core::Result<const std::byte*> look_at_arena(ContextState& state, std::vector<std::byte>& copy) {
  if (state.device == nullptr) return static_cast<const std::byte*>(state.arena.data());
  copy.resize(state.arena.size());
  MI_TRY(state.device->download(copy.data(), state.arena.data(), copy.size(), state.last_queue));
  MI_TRY(state.device->synchronize(state.last_queue));
  return static_cast<const std::byte*>(copy.data());
}

}  // namespace

Status run_poisoned(ContextState& state, std::size_t step, const std::function<Status()>& run) {
  const std::size_t bytes = state.arena.size();
  if (state.shadow.size() != bytes) {
    const auto allocator =
        state.device == nullptr ? state.engine->config.allocator : host_allocator();
    MI_ASSIGN(state.shadow,
              Arena::allocate("shadow", bytes, state.engine->config.memory_alignment, allocator));
  }
  std::byte* truth = state.shadow.data();
  std::vector<std::byte> copy;
  if (step == 0) {
    MI_ASSIGN(const std::byte* before, look_at_arena(state, copy));
    std::memcpy(truth, before, bytes);
  }

  const std::vector<Range> reads = read_ranges(state, step);
  const std::vector<Range> writes = written_ranges(state, step);
  std::vector<std::byte> expected(bytes, kPoison);
  copy_ranges(expected.data(), truth, reads);
  MI_TRY(write_arena(state, expected.data()));

  MI_TRY(run());

  MI_ASSIGN(const std::byte* found, look_at_arena(state, copy));
  copy_ranges(truth, found, writes);
  copy_ranges(expected.data(), found, writes);
  const auto [first, wanted] = std::mismatch(found, found + bytes, expected.begin());
  if (first != found + bytes) {
    return {Status::ERROR_INTERNAL, state.engine->steps[step].op + " '" +
                                        state.engine->steps[step].name +
                                        "' wrote outside its outputs, at byte " +
                                        std::to_string(first - found) + " of the arena"};
  }
  return step + 1 == state.steps.size() ? write_arena(state, truth) : Status(Status::SUCCESS);
}

}  // namespace mini_infer::runtime
