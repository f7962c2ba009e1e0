#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/function_ref.h"

namespace mini_infer::core {

// Threads that work on the jobs of several callers at once.
//
//   std::shared_ptr<Workers> workers = Workers::shared();
//   const int made = workers->grow(3);
//   workers->run(100, body, made + 1);
//
// A job has seats, and each seat has its share of the pieces. The caller takes seat 0; a worker
// takes the seat that it had in that caller's job before, where it is free, and so finds in its
// cache what it left there. Who is done with the pieces of his seat helps with the other seats'.
// Pieces are claimed one by one, so a thread that the system holds back holds up nothing but its
// own piece. Workers without a job spin for a moment, then they sleep.
//
// In a forked child the workers do not exist. The first run() there makes new ones.
class Workers {
 public:
  using Body = FunctionRef<void(std::int64_t piece, int seat)>;

  static constexpr int kMost = 1023;
  // So many callers get help at once; one more does its pieces alone.
  static constexpr int kJobs = 31;

  // Workers are bound to `cpus`, in turn, when the list is not empty.
  explicit Workers(std::vector<int> cpus = {});
  // No run() may be in progress. In a forked child the workers of the parent are abandoned.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // The workers that the process shares. They live as long as somebody holds them.
  static std::shared_ptr<Workers> shared();

  // Makes threads until there are `count` <= kMost, and returns how many there are now, perhaps
  // more. Where the system refuses one, it goes on with less, and the process is warned once.
  // Throws std::bad_alloc. Thread-safe, also beside run().
  int grow(int count);

  // Calls body(piece, seat) once for each piece in [0, pieces), in any order, with seat in
  // [0, seats), and no seat twice at a time; returns when all are done. `seats` is at most the
  // result of grow() + 1. Allocates nothing, but for the first run of a forked child. Thread-safe.
  void run(std::int64_t pieces, Body body, int seats);

 private:
  class Crew;  // of one process

  // That of this process; null: a forked child has no memory for one.
  Crew* crew() noexcept;

  std::vector<int> cpus_;
  std::atomic<Crew*> crew_;
};

}  // namespace mini_infer::core
