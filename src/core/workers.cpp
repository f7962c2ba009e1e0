#include "core/workers.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>

#include "core/float_environment.h"
#include "core/process.h"
#include "mini_infer/core/log.h"

namespace mini_infer::core {
namespace {

// Sleeping at once costs 1.2 to 2.2 times the latency of a network of short steps; spinning for
// ever takes the processor from others.
constexpr std::chrono::microseconds kSpin{80};
constexpr int kPausesPerLook = 64;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Pauses until `ready` or the time is over; whether it is ready.
template <typename Ready>
bool spin(Ready ready) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (ready()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

void bind_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void run_alone(std::int64_t pieces, const Workers::Body& body) {
  for (std::int64_t piece = 0; piece < pieces; ++piece) body(piece, 0);
}

// Pieces [next, end) that nobody has claimed, and whether somebody sits here.
struct alignas(64) Seat {
  std::atomic<std::int64_t> next{0};
  std::int64_t end = 0;
  std::atomic<bool> taken{false};
};

// Work that a caller has handed out. Its caller writes the fields while no worker is inside.
class alignas(64) Job {
 public:
  // Of a caller, until release().
  bool claim() {
    return !claimed_.load(std::memory_order_relaxed) &&
           !claimed_.exchange(true, std::memory_order_acquire);
  }
  void release() { claimed_.store(false, std::memory_order_release); }

  void replace_seats(Seat* seats) { newest_.store(seats, std::memory_order_release); }

  void open(std::int64_t pieces, const Workers::Body& body, int seats) {
    seats_ = newest_.load(std::memory_order_acquire);
    seat_count_ = seats;
    body_ = &body;
    for (int i = 0; i < seats; ++i) {
      seats_[i].next.store(pieces * i / seats, std::memory_order_relaxed);
      seats_[i].end = pieces * (i + 1) / seats;
      seats_[i].taken.store(false, std::memory_order_relaxed);
    }
    state_.store(kOpen + kRoom * static_cast<std::uint32_t>(seats - 1));
  }

  // Waits for those inside, never for those who have not come.
  void close() {
    state_.fetch_and(~kOpen);
    const auto empty = [this] { return inside() == 0; };
    while (!spin(empty)) sched_yield();
  }

  // Goes inside, if the job is open and has room. `full`: that took the last of the room.
  bool enter(bool& full) {
    std::uint32_t state = state_.load();
    while ((state & kOpen) != 0 && (state & kRoomMask) != 0) {
      if (!state_.compare_exchange_weak(state, state + kInside - kRoom)) continue;
      full = (state & kRoomMask) == kRoom;
      return true;
    }
    return false;
  }
  void leave() { state_.fetch_sub(kInside); }
  std::uint32_t inside() const { return state_.load() & kInsideMask; }
  // How many are inside or may still come.
  std::uint32_t wanted() const {
    const std::uint32_t state = state_.load();
    const std::uint32_t room = (state & kOpen) != 0 ? (state & kRoomMask) / kRoom : 0;
    return (state & kInsideMask) + room;
  }

  // Of one who is inside: a free seat, `preferred` where it is one.
  int take_seat(int preferred) {
    const int others = seat_count_ - 1;
    int seat = 1 + (preferred - 1) % others;
    while (seats_[seat].taken.exchange(true, std::memory_order_relaxed)) seat = 1 + seat % others;
    return seat;
  }

  // Does pieces until all are claimed, those of the own seat first.
  void work(int own) {
    for (int i = own; i < seat_count_; ++i) work_on(seats_[i], own);
    for (int i = 0; i < own; ++i) work_on(seats_[i], own);
  }

 private:
  // Fields of the state: who is inside, how many more may come, whether one may. One word, so that
  // a worker enters an open job or none.
  static constexpr std::uint32_t kInside = 1;
  static constexpr std::uint32_t kInsideMask = 0x7fff;
  static constexpr std::uint32_t kRoom = 1 << 15;
  static constexpr std::uint32_t kRoomMask = 0x7fff << 15;
  static constexpr std::uint32_t kOpen = 1u << 30;

  void work_on(Seat& seat, int own) {
    while (seat.next.load(std::memory_order_relaxed) < seat.end) {
      const std::int64_t piece = seat.next.fetch_add(1, std::memory_order_relaxed);
      if (piece < seat.end) (*body_)(piece, own);
    }
  }

  std::atomic<std::uint32_t> state_{0};
  std::atomic<bool> claimed_{false};
  Seat* seats_ = nullptr;
  int seat_count_ = 0;
  const Workers::Body* body_ = nullptr;
  std::atomic<Seat*> newest_{nullptr};
};

void warn_of_missing_threads(int wanted, int made) {
  static std::atomic<bool> warned{false};
  if (warned.exchange(true)) return;
  MI_LOG_WARNING("[Threads] expected " + std::to_string(wanted) +
                 " threads beside the caller, the system made " + std::to_string(made) +
                 "; the work is shared out among these. Raise the limit of threads, or ask for " +
                 "fewer (cpu.threads)");
}

// Where this thread found a free job last.
thread_local unsigned t_job = 0;

}  // namespace

class Workers::Crew {
 public:
  explicit Crew(const std::vector<int>& cpus) : process(process_number()), cpus_(cpus) {}
  ~Crew() {
    open_.fetch_or(kStop);
    ++signal_;
    signal_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  int size() const { return static_cast<int>(threads_.size()); }

  // Under fork_mutex().
  void grow(int count) {
    if (count <= size()) return;
    make_seats(count + 1);
    threads_.reserve(static_cast<std::size_t>(count));
    try {
      while (size() < count) {
        const int number = size();
        threads_.emplace_back([this, number] { work(number); });
      }
    } catch (const std::system_error&) {
      // There is no room for another thread; those there are suffice.
    }
  }

  void run(std::int64_t pieces, const Body& body, int seats) {
    const int at = claim_job();
    if (at < 0) return run_alone(pieces, body);
    Job& job = jobs_[static_cast<std::size_t>(at)];
    job.open(pieces, body, seats);
    open_.fetch_or(bit(at));
    wake();
    job.work(0);
    withdraw(at);
    job.close();
    job.release();
  }

  const std::uint32_t process;
  Crew* abandoned = nullptr;  // of the parent; kept reachable, so that no checker calls it a leak

 private:
  static constexpr std::uint32_t kStop = 1u << kJobs;
  // Fields of present_.
  static constexpr std::uint32_t kAwake = 1;
  static constexpr std::uint32_t kAsleep = 1 << 16;

  // What a worker remembers.
  struct Memory {
    int job = 0;                    // where it worked last
    std::array<int, kJobs> seat{};  // that it had in each job
  };

  static std::uint32_t bit(int job) { return std::uint32_t{1} << job; }

  // Every job gets as many; the old ones stay, for jobs that use them now.
  void make_seats(int count) {
    if (count <= seat_count_) return;
    auto seats = std::make_unique<Seat[]>(static_cast<std::size_t>(kJobs) * count);
    for (int i = 0; i < kJobs; ++i) {
      jobs_[static_cast<std::size_t>(i)].replace_seats(&seats[static_cast<std::size_t>(i) * count]);
    }
    seats_.push_back(std::move(seats));
    seat_count_ = count;
  }

  // The one that this thread had before, where it is free, so that workers find their seats again.
  // -1: there is none.
  int claim_job() {
    for (unsigned i = 0; i < kJobs; ++i) {
      const unsigned at = (t_job + i) % kJobs;
      if (!jobs_[at].claim()) continue;
      t_job = at;
      raise_used(static_cast<int>(at) + 1);
      return static_cast<int>(at);
    }
    return -1;
  }

  void raise_used(int count) {
    int used = used_.load(std::memory_order_relaxed);
    while (used < count && !used_.compare_exchange_weak(used, count, std::memory_order_relaxed)) {
    }
  }

  // Workers that have a job or are wanted in one.
  int wanted() const {
    std::uint32_t wanted = 0;
    const int used = used_.load(std::memory_order_relaxed);
    for (int i = 0; i < used; ++i) wanted += jobs_[static_cast<std::size_t>(i)].wanted();
    return static_cast<int>(wanted);
  }

  // Wakes as many sleepers as are wanted beyond those who are awake.
  void wake() {
    const std::uint32_t present = present_.load();
    const int asleep = static_cast<int>(present / kAsleep);
    if (asleep == 0) return;
    const int missing = wanted() - static_cast<int>(present % kAsleep);
    if (missing <= 0) return;
    ++signal_;
    if (missing >= asleep) return signal_.notify_all();
    for (int i = 0; i < missing; ++i) signal_.notify_one();
  }

  // Nobody need look at this job any more. Called by those inside, and by the caller.
  void withdraw(int job) {
    if ((open_.load(std::memory_order_relaxed) & bit(job)) != 0) open_.fetch_and(~bit(job));
  }

  // Of the open jobs the one with the fewest inside; of equals, where this worker was before.
  int pick(std::uint32_t open, int last) const {
    int best = -1;
    std::uint32_t fewest = 0;
    for (; open != 0; open &= open - 1) {
      const int job = std::countr_zero(open);
      const std::uint32_t inside = jobs_[static_cast<std::size_t>(job)].inside();
      if (best >= 0 && (inside > fewest || (inside == fewest && job != last))) continue;
      best = job;
      fewest = inside;
    }
    return best;
  }

  // Works on one of the open jobs; false: none had room.
  bool help(std::uint32_t open, Memory& memory) {
    const int at = pick(open, memory.job);
    Job& job = jobs_[static_cast<std::size_t>(at)];
    bool full = false;
    if (!job.enter(full)) return false;
    if (full) withdraw(at);
    memory.job = at;
    int& seat = memory.seat[static_cast<std::size_t>(at)];
    seat = job.take_seat(seat);
    job.work(seat);
    withdraw(at);
    job.leave();
    return true;
  }

  // Looks for a job once; true: it has worked, or the end has come.
  bool look(Memory& memory) {
    const std::uint32_t open = open_.load();
    return open != 0 && ((open & kStop) != 0 || help(open, memory));
  }

  // Whoever opens a job after the last look sees that this worker is asleep, and wakes it.
  void sleep(Memory& memory) {
    present_.fetch_add(kAsleep - kAwake);
    const std::uint32_t seen = signal_.load();
    if (!look(memory)) signal_.wait(seen);
    present_.fetch_sub(kAsleep - kAwake);
  }

  void work(int number) {
    FloatEnvironment::keep();
    if (!cpus_.empty()) bind_to(cpus_[static_cast<std::size_t>(number) % cpus_.size()]);
    Memory memory;
    memory.seat.fill(number + 1);
    present_.fetch_add(kAwake);
    while ((open_.load() & kStop) == 0) {
      if (!spin([&] { return look(memory); })) sleep(memory);
    }
  }

  const std::vector<int> cpus_;
  std::vector<std::thread> threads_;
  std::vector<std::unique_ptr<Seat[]>> seats_;
  int seat_count_ = 0;
  std::array<Job, kJobs> jobs_;
  // A bit for each job that has room and unclaimed pieces, or had a moment ago; and kStop.
  alignas(64) std::atomic<std::uint32_t> open_{0};
  alignas(64) std::atomic<std::uint32_t> present_{0};  // how many workers are awake and asleep
  std::atomic<std::uint32_t> signal_{0};               // what sleepers wait on
  std::atomic<int> used_{0};                           // jobs from here on were never claimed
};

Workers::Workers(std::vector<int> cpus) : cpus_(std::move(cpus)), crew_(new Crew(cpus_)) {}

Workers::~Workers() {
  Crew* crew = crew_.load();
  if (crew->process == process_number()) {
    delete crew;
    return;
  }
  static Crew* abandoned = nullptr;
  const std::lock_guard lock(fork_mutex());
  crew->abandoned = std::exchange(abandoned, crew);
}

std::shared_ptr<Workers> Workers::shared() {
  static std::weak_ptr<Workers> current;
  const std::lock_guard lock(fork_mutex());
  std::shared_ptr<Workers> workers = current.lock();
  if (workers == nullptr) current = workers = std::make_shared<Workers>();
  return workers;
}

int Workers::grow(int count) {
  Crew* mine = crew();
  if (mine == nullptr) throw std::bad_alloc();
  int made = 0;
  {
    const std::lock_guard lock(fork_mutex());
    mine->grow(count);
    made = mine->size();
  }
  if (made < count) warn_of_missing_threads(count, made);
  return made;
}

void Workers::run(std::int64_t pieces, Body body, int seats) {
  seats = static_cast<int>(std::min<std::int64_t>(seats, pieces));
  Crew* mine = seats > 1 ? crew() : nullptr;
  if (mine == nullptr) return run_alone(pieces, body);
  mine->run(pieces, body, seats);
}

Workers::Crew* Workers::crew() noexcept {
  Crew* crew = crew_.load(std::memory_order_acquire);
  if (crew->process == process_number()) return crew;
  try {
    const std::lock_guard lock(fork_mutex());
    crew = crew_.load();
    if (crew->process == process_number()) return crew;
    auto made = std::make_unique<Crew>(cpus_);
    made->abandoned = crew;
    made->grow(crew->size());
    crew_.store(made.get(), std::memory_order_release);
    return made.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace mini_infer::core
