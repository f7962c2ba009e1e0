#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cuda/emulator/cuda_runtime.h"

#if defined(__has_feature)  // Clang's way to say it
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace mini_infer::cuda::emulator {
namespace {

constexpr int kWarp = 32;
constexpr int kMostThreads = 1024;
constexpr std::size_t kStack = 256 * 1024;

enum class State { kReady, kAtBlockBarrier, kAtWarpBarrier, kDone };

struct Fiber {
  ucontext_t context;
  State state = State::kDone;
  std::uint64_t given[2] = {};  // to the warp, in turn
  int turn = 0;
  jmp_buf place;  // where it waits
  bool begun = false;
};

[[noreturn]] void fail(const char* message) {
  std::fprintf(stderr, "emulated kernel: %s\n", message);
  std::abort();
}

// Tells the sanitizer which stack is the running one.
class StackSwitch {
 public:
  StackSwitch([[maybe_unused]] const void* stack, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fake_stack_, stack, bytes);
#endif
  }
  ~StackSwitch() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
  }

 private:
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack_ = nullptr;
#endif
};

// The threads of one block.
class Block {
 public:
  Block() : fibers_(new Fiber[kMostThreads]) {
    stacks_ = static_cast<std::byte*>(mmap(nullptr, kMostThreads * kStack, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (stacks_ == MAP_FAILED) fail("no memory for stacks");
  }
  ~Block() { munmap(stacks_, kMostThreads * kStack); }

  void run(const GridExtents& grid, const std::function<void()>& body);

  void wait(State barrier) {
    if (!fibers_run_) fail("a kernel without Grid::barriers waits for other threads");
    Fiber& fiber = fibers_[current_];
    fiber.state = barrier;
    leave(fiber);
  }

  Fiber& current() { return fibers_[current_]; }
  int lane() const { return current_ % kWarp; }
  Fiber& in_warp(int lane) { return fibers_[current_ / kWarp * kWarp + lane]; }
  bool inside() const { return inside_; }
  Position& position() { return position_; }
  void* shared() { return shared_.data(); }

 private:
  static void enter_first();

  void begin(int thread) {
    Fiber& fiber = fibers_[thread];
    fiber.state = State::kReady;
    fiber.turn = 0;
    fiber.begun = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stacks_ + static_cast<std::size_t>(thread) * kStack;
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, &Block::enter_first, 0);
  }

  void step_to(int thread) {
    current_ = thread;
    const auto t = static_cast<unsigned>(thread);
    const dim3& extent = position_.block_extent;
    position_.thread = {t % extent.x, t / extent.x % extent.y, t / (extent.x * extent.y)};
  }

  void run_fibers();

  void go_on(int thread) {
    step_to(thread);
    Fiber& fiber = fibers_[thread];
    const StackSwitch guard(fiber.context.uc_stack.ss_sp, kStack);
    // swapcontext asks the system twice each time; only a new stack needs it.
    if (_setjmp(scheduler_place_) != 0) return;
    if (fiber.begun) _longjmp(fiber.place, 1);
    fiber.begun = true;
    setcontext(&fiber.context);
  }

  void leave(Fiber& fiber) {
#if defined(__SANITIZE_ADDRESS__)
    const StackSwitch guard(scheduler_stack_, scheduler_stack_bytes_);
#endif
    if (_setjmp(fiber.place) == 0) _longjmp(scheduler_place_, 1);
  }

  // Lets those go on whose barrier everyone has reached; whether there are any.
  bool release() {
    bool any = false;
    for (int warp = 0; warp < threads_; warp += kWarp) {
      any = release(State::kAtWarpBarrier, warp, std::min(threads_, warp + kWarp)) || any;
    }
    return release(State::kAtBlockBarrier, 0, threads_) || any;
  }

  bool release(State barrier, int first, int last) {
    bool any = false;
    for (int i = first; i < last; ++i) {
      if (fibers_[i].state == State::kDone) continue;
      if (fibers_[i].state != barrier) return false;
      any = true;
    }
    for (int i = first; i < last; ++i) {
      if (fibers_[i].state == barrier) fibers_[i].state = State::kReady;
    }
    return any;
  }

  std::unique_ptr<Fiber[]> fibers_;
  std::byte* stacks_;
  jmp_buf scheduler_place_;
#if defined(__SANITIZE_ADDRESS__)
  const void* scheduler_stack_ = nullptr;
  std::size_t scheduler_stack_bytes_ = 0;
#endif
  int threads_ = 0;
  int current_ = 0;
  bool inside_ = false;
  bool fibers_run_ = false;
  const std::function<void()>* body_ = nullptr;
  std::vector<std::uint64_t> shared_;
  Position position_;
};

thread_local Block* running = nullptr;

Block& block() {
  thread_local Block block;
  running = &block;
  return block;
}

void Block::enter_first() {
  Block& self = *running;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &self.scheduler_stack_, &self.scheduler_stack_bytes_);
#endif
  (*self.body_)();
  self.current().state = State::kDone;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(nullptr, self.scheduler_stack_, self.scheduler_stack_bytes_);
#endif
  _longjmp(self.scheduler_place_, 1);
}

void Block::run(const GridExtents& grid, const std::function<void()>& body) {
  body_ = &body;
  threads_ = static_cast<int>(grid.threads.x * grid.threads.y * grid.threads.z);
  if (threads_ < 1 || threads_ > kMostThreads) fail("a block has 1 to 1024 threads");
  // What a block before left there must not look like something.
  shared_.assign(grid.shared_bytes / sizeof(std::uint64_t) + 1, 0xa5a5a5a5a5a5a5a5u);
  inside_ = true;
  fibers_run_ = grid.barriers;
  if (fibers_run_) {
    run_fibers();
  } else {
    for (int i = 0; i < threads_; ++i) {
      step_to(i);
      body();
    }
  }
  inside_ = false;
}

void Block::run_fibers() {
  for (int i = 0; i < threads_; ++i) begin(i);
  do {
    for (int i = 0; i < threads_; ++i) {
      if (fibers_[i].state == State::kReady) go_on(i);
    }
  } while (release());
  for (int i = 0; i < threads_; ++i) {
    if (fibers_[i].state != State::kDone) fail("threads wait at a barrier that others never reach");
  }
}

}  // namespace

Position& position() { return block().position(); }
void* shared_bytes() { return block().shared(); }
void sync_block() { block().wait(State::kAtBlockBarrier); }
void sync_warp() { block().wait(State::kAtWarpBarrier); }
int lane() { return block().lane(); }

std::uint64_t exchange(std::uint64_t value, int from) {
  Block& own = block();
  // Two places in turn: who is quick gives anew while others still take.
  const int turn = own.current().turn;
  own.current().turn = 1 - turn;
  own.current().given[turn] = value;
  own.wait(State::kAtWarpBarrier);
  return own.in_warp(from).given[turn];
}

void run_grid(const GridExtents& grid, const std::function<void()>& body) {
  Block& own = block();
  if (own.inside()) fail("a kernel was launched by a kernel");
  Position& at = own.position();
  at.grid_extent = grid.blocks;
  at.block_extent = grid.threads;
  for (unsigned z = 0; z < grid.blocks.z; ++z) {
    for (unsigned y = 0; y < grid.blocks.y; ++y) {
      for (unsigned x = 0; x < grid.blocks.x; ++x) {
        at.block = {x, y, z};
        own.run(grid, body);
      }
    }
  }
}

}  // namespace mini_infer::cuda::emulator
