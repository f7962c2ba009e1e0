#include "mini_infer/planner/check.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/try.h"

namespace mini_infer::planner {
namespace {

using std::to_string;

core::Status refused(const std::string& message) {
  return {core::Status::ERROR_INTERNAL, "the memory plan is wrong: " + message};
}

// What is known of a buffer once its problem, offset and end have been found sane.
struct Block {
  std::int64_t begin, end;    // bytes
  std::int64_t first, after;  // steps: live while first <= step < after
  bool fixed;
};

std::string describe(std::size_t index, const Block& block) {
  return "buffer " + to_string(index) + " (bytes [" + to_string(block.begin) + ", " +
         to_string(block.end) + "), steps " + to_string(block.first) + ".." +
         to_string(block.after - 1) + ")";
}

core::Status check_buffer(std::size_t index, const Buffer& buffer) {
  const bool power_of_two =
      buffer.alignment > 0 && (buffer.alignment & (buffer.alignment - 1)) == 0;
  if (buffer.size >= 0 && buffer.first >= 0 && buffer.first <= buffer.last && power_of_two) {
    return core::Status::SUCCESS;
  }
  return {core::Status::ERROR_INVALID_ARGUMENT,
          "buffer " + to_string(index) + " is malformed: size " + to_string(buffer.size) +
              ", steps " + to_string(buffer.first) + ".." + to_string(buffer.last) +
              ", alignment " + to_string(buffer.alignment)};
}

core::Status check_position(std::size_t index, const Buffer& buffer, std::int64_t offset,
                            std::int64_t height) {
  if (offset % buffer.alignment != 0) {
    return refused("the offset of buffer " + to_string(index) + ", " + to_string(offset) +
                   ", is no multiple of its alignment, " + to_string(buffer.alignment));
  }
  if (buffer.fixed_offset && *buffer.fixed_offset != offset) {
    return refused("buffer " + to_string(index) + " is fixed at offset " +
                   to_string(*buffer.fixed_offset) + ", not " + to_string(offset));
  }
  const std::int64_t over = buffer.size % buffer.alignment;
  const std::int64_t padding = over == 0 ? 0 : buffer.alignment - over;
  const bool inside = offset >= 0 && offset <= height && buffer.size <= height - offset &&
                      padding <= height - offset - buffer.size;
  if (inside) return core::Status::SUCCESS;
  return refused("buffer " + to_string(index) + ", " + to_string(buffer.size) +
                 " bytes padded by " + to_string(padding) + " at offset " + to_string(offset) +
                 ", leaves [0, " + to_string(height) + ")");
}

core::Result<std::vector<Block>> check_positions(const Problem& problem, const Solution& solution) {
  if (solution.offsets.size() != problem.buffers.size()) {
    return refused(to_string(solution.offsets.size()) + " offsets for " +
                   to_string(problem.buffers.size()) + " buffers");
  }
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const Buffer& buffer = problem.buffers[i];
    const std::int64_t offset = solution.offsets[i];
    MI_TRY(check_buffer(i, buffer));
    MI_TRY(check_position(i, buffer, offset, solution.height));
    const std::int64_t units =
        buffer.size / buffer.alignment + (buffer.size % buffer.alignment == 0 ? 0 : 1);
    blocks.push_back({.begin = offset,
                      .end = offset + units * buffer.alignment,
                      .first = buffer.first,
                      .after = std::int64_t{buffer.last} + 1,
                      .fixed = buffer.fixed_offset.has_value()});
  }
  return blocks;
}

core::Status check_height(const std::vector<Block>& blocks, std::int64_t height) {
  std::int64_t highest = 0;
  for (const Block& block : blocks) {
    if (block.begin < block.end) highest = std::max(highest, block.end);
  }
  if (height == highest) return core::Status::SUCCESS;
  return refused("height is " + to_string(height) + ", the highest buffer ends at " +
                 to_string(highest));
}

core::Status overlap(const std::vector<Block>& blocks, std::size_t a, std::size_t b) {
  const Block& x = blocks[a];
  const Block& y = blocks[b];
  return refused(describe(a, x) + " and " + describe(b, y) + " share bytes [" +
                 to_string(std::max(x.begin, y.begin)) + ", " + to_string(std::min(x.end, y.end)) +
                 ") at steps " + to_string(std::max(x.first, y.first)) + ".." +
                 to_string(std::min(x.after, y.after) - 1));
}

// A sweep over the steps. The live blocks are disjoint, so a new one can only collide with the one
// below it or the one above it.
core::Status check_overlaps(const std::vector<Block>& blocks) {
  struct Event {
    std::int64_t step;
    bool starts;  // at one step, ends come first
    std::size_t index;
  };
  std::vector<Event> events;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].begin == blocks[i].end) continue;
    events.push_back({blocks[i].first, true, i});
    events.push_back({blocks[i].after, false, i});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.step, a.starts, a.index) < std::tie(b.step, b.starts, b.index);
  });

  std::map<std::int64_t, std::size_t> live;  // block indices by where they begin
  for (const auto& [step, starts, index] : events) {
    const Block& block = blocks[index];
    if (!starts) {
      live.erase(block.begin);
      continue;
    }
    const auto above = live.lower_bound(block.begin);
    if (above != live.end() && above->first < block.end) {
      return overlap(blocks, above->second, index);
    }
    if (above != live.begin()) {
      const std::size_t below = std::prev(above)->second;
      if (blocks[below].end > block.begin) return overlap(blocks, below, index);
    }
    live.emplace_hint(above, block.begin, index);
  }
  return core::Status::SUCCESS;
}

// Only for blocks that do not overlap: then no sum exceeds the height.
core::Status check_bound(const std::vector<Block>& blocks, const Solution& solution) {
  std::map<std::int64_t, std::int64_t> changes;  // of the live bytes, by step
  for (const Block& block : blocks) {
    changes[block.first] += block.end - block.begin;
    changes[block.after] -= block.end - block.begin;
  }
  std::int64_t live = 0;
  std::int64_t most = 0;
  std::int64_t peak = 0;
  for (const auto& [step, change] : changes) {
    live += change;
    if (live > most) {
      most = live;
      peak = step;
    }
  }
  for (const Block& block : blocks) {
    if (!block.fixed || block.begin == block.end) continue;
    if (block.end > most || (block.end == most && block.first < peak)) {
      most = block.end;
      peak = block.first;
    }
  }
  if (solution.lower_bound != most) {
    return refused("lower_bound is " + to_string(solution.lower_bound) + ", step " +
                   to_string(peak) + " needs " + to_string(most) + " bytes");
  }
  if (solution.peak_step != peak) {
    return refused("peak_step is " + to_string(solution.peak_step) + ", step " + to_string(peak) +
                   " is the first that needs " + to_string(most) + " bytes");
  }
  return core::Status::SUCCESS;
}

core::Status check_proof(const Solution& solution) {
  if (solution.proof != Proof::kByBound || solution.height == solution.lower_bound) {
    return core::Status::SUCCESS;
  }
  return refused("it claims a proof by the bound, but its height is " + to_string(solution.height) +
                 " and the bound " + to_string(solution.lower_bound));
}

}  // namespace

core::Status check(const Problem& problem, const Solution& solution) {
  const auto blocks = check_positions(problem, solution);
  MI_TRY(blocks.status());
  MI_TRY(check_height(*blocks, solution.height));
  MI_TRY(check_overlaps(*blocks));
  MI_TRY(check_bound(*blocks, solution));
  return check_proof(solution);
}

}  // namespace mini_infer::planner
