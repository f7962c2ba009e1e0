#pragma once

#include <cstring>

#include "cuda/each.h"

// Threads that work together on one row or column of many elements: each takes every kSize-th
// element, `join` makes one of what they have found. Same input, same bits.
namespace mini_infer::cuda {

inline constexpr unsigned kWarp = 32;

// What the thread holds whose lane differs in these bits.
template <typename State>
__device__ State from_lane(const State& state, unsigned bits) {
  constexpr int kWords = (sizeof(State) + 3) / 4;
  unsigned words[kWords] = {};
  std::memcpy(words, &state, sizeof(State));
  for (unsigned& word : words) word = __shfl_xor_sync(0xffffffffu, word, static_cast<int>(bits));
  State other;
  std::memcpy(&other, words, sizeof(State));
  return other;
}

// join(a, b), in either order the same, of all lanes' states.
template <typename State, typename Join>
__device__ State join_warp(State state, Join join) {
  for (unsigned bits = kWarp / 2; bits > 0; bits /= 2) state = join(state, from_lane(state, bits));
  return state;
}

// An idle thread of a team passes every barrier and finds no element.
inline constexpr std::int64_t kIdle = std::int64_t{1} << 56;

// One thread alone.
struct Single {
  static constexpr unsigned kSize = 1;
  static constexpr unsigned kTeams = kThreads;  // of a block
  static constexpr bool kRows = false;
  static constexpr bool kBarriers = false;
  static dim3 threads() { return {kThreads}; }
  static __device__ unsigned number() { return threadIdx.x; }  // of the thread's team in the block
  static __device__ unsigned own_rank() { return 0; }

  std::int64_t rank;  // of the thread in its team

  template <typename State, typename Join>
  __device__ State join(State state, Join) const {
    return state;
  }
};

// The threads of a warp.
struct Warp {
  static constexpr unsigned kSize = kWarp;
  static constexpr unsigned kTeams = 4;
  static constexpr bool kRows = true;  // its threads read neighbours
  static constexpr bool kBarriers = true;
  static dim3 threads() { return {kWarp * kTeams}; }
  static __device__ unsigned number() { return threadIdx.x / kWarp; }
  static __device__ unsigned own_rank() { return threadIdx.x % kWarp; }

  std::int64_t rank;

  template <typename State, typename Join>
  __device__ State join(State state, Join join) const {
    return join_warp(state, join);
  }
};

// The threads of a block.
template <unsigned kCount>
struct Block {
  static constexpr unsigned kSize = kCount;
  static constexpr unsigned kTeams = 1;
  static constexpr bool kRows = true;  // its threads read neighbours
  static constexpr bool kBarriers = true;
  static dim3 threads() { return {kCount}; }
  static __device__ unsigned number() { return 0; }
  static __device__ unsigned own_rank() { return threadIdx.x; }

  std::int64_t rank;

  template <typename State, typename Join>
  __device__ State join(State state, Join join) const {
    __shared__ State parts[kCount / kWarp];
    state = join_warp(state, join);
    __syncthreads();  // all have read what was joined before
    if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = state;
    __syncthreads();
    State all = parts[0];
    for (unsigned warp = 1; warp < kCount / kWarp; ++warp) all = join(all, parts[warp]);
    return all;
  }
};

// Teams side by side, so that neighbouring columns are read at once: a team is a column of threads
// of the block.
struct Columns {
  static constexpr unsigned kSize = 16;
  static constexpr unsigned kTeams = kWarp;
  static constexpr bool kRows = false;
  static constexpr bool kBarriers = true;
  static dim3 threads() { return {kTeams, kSize}; }
  static __device__ unsigned number() { return threadIdx.x; }
  static __device__ unsigned own_rank() { return threadIdx.y; }

  std::int64_t rank;

  template <typename State, typename Join>
  __device__ State join(State state, Join join) const {
    __shared__ State parts[kSize][kTeams];
    __syncthreads();
    parts[threadIdx.y][threadIdx.x] = state;
    __syncthreads();
    State all = parts[0][threadIdx.x];
    for (unsigned part = 1; part < kSize; ++part) all = join(all, parts[part][threadIdx.x]);
    return all;
  }
};

// Bounded, so that no thread takes more registers than so many threads can have.
template <typename Team, typename Body>
__global__ void __launch_bounds__(Team::kSize* Team::kTeams)
    team_kernel(Body body, std::int64_t items) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * Team::kTeams;
  // As many rounds for each thread of a block: they wait for each other.
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * Team::kTeams; first < items;
       first += step) {
    const std::int64_t item = first + Team::number();
    body(item, Team{item < items ? Team::own_rank() : kIdle});
  }
}

// body(item, team) on all threads of a team, for each item in [0, items), in any order.
template <typename Team, typename Body>
[[nodiscard]] core::Status for_each_team(const char* name, std::int64_t items, ops::Queue queue,
                                         Body body) {
  return launch(name, team_kernel<Team, Body>,
                {blocks_for(items, Team::kTeams), Team::threads(), 0, Team::kBarriers}, queue, body,
                items);
}

// use(team) for the team that suits items of `extent` elements: neighbours, or with `columns`
// elements of which the neighbours are other items'.
template <typename Use>
auto with_team(std::int64_t items, std::int64_t extent, bool columns, Use use) {
  constexpr std::int64_t kHandful = 16, kShort = 512, kMedium = 1024, kLong = 16 * 1024;
  constexpr std::int64_t kMany = 4096;  // keep a device busy, a warp each
  if (extent <= kHandful) return use(Single{});
  if (columns) return use(Columns{});
  if (extent <= (items < kMany ? kShort : kMedium)) return use(Warp{});
  return extent <= kLong ? use(Block<256>{}) : use(Block<1024>{});
}

}  // namespace mini_infer::cuda
