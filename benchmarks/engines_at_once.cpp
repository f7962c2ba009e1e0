// Several engines at once: in one process, which shares its threads among them, beside as many
// processes with one engine each, whose pools are apart.
//   engines_at_once [--seconds S] [--rounds R] [[NAME=N...] MODEL.onnx]...
// Prints a Markdown table: runs per second of all engines together, the median over the rounds, and
// the ratio taken per round. Above 1, the shared pool is faster. Both sides take turns, the first
// one changing from round to round. NAME=N binds an extent that the next model leaves open.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "model_arguments.h"

namespace {

using namespace mini_infer;
using benchmarks::Extents;
using benchmarks::median;
using Clock = std::chrono::steady_clock;

struct Effort {
  double seconds = 2;
  int rounds = 5;
};

void check(const core::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  _exit(1);
}

runtime::Engine build(const std::string& path, const Extents& extents) {
  auto graph = importers::import_onnx(path);
  check(graph.status());
  check(benchmarks::bind_open_extents(**graph, extents));
  runtime::EngineConfig config;
  config.keep_inputs = true;
  runtime::Engine engine(config);
  check(engine.build(*graph));
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    const std::vector<std::byte> zeros(engine.inputs()[i].size_bytes);
    check(engine.context()->set_input(i, zeros));
  }
  check(engine.context()->run());
  return engine;
}

// Runs until the time is over; runs per second.
double measure(runtime::Engine& engine, double seconds) {
  const auto run_for = [&](double time) {
    int runs = 0;
    const auto end = Clock::now() + std::chrono::duration<double>(time);
    for (; Clock::now() < end; ++runs) check(engine.context()->run());
    return runs;
  };
  run_for(seconds / 4);  // until all are there
  return run_for(seconds) / seconds;
}

double run_together(std::vector<runtime::Engine>& engines, double seconds) {
  std::vector<double> rates(engines.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    threads.emplace_back([&, i] { rates[i] = measure(engines[i], seconds); });
  }
  for (std::thread& thread : threads) thread.join();
  double all = 0;
  for (const double rate : rates) all += rate;
  return all;
}

// A process that builds `engines` and lets them run whenever it is asked.
class Runner {
 public:
  Runner(const std::string& path, const Extents& extents, int engines, double seconds) {
    if (pipe(orders_) != 0 || pipe(answers_) != 0) std::exit(1);
    child_ = fork();
    if (child_ == 0) serve(path, extents, engines, seconds);
    close(orders_[0]);
    close(answers_[1]);
    ready_ = receive() == 0;
  }
  ~Runner() {
    order(kEnd);
    close(orders_[1]);
    close(answers_[0]);
    waitpid(child_, nullptr, 0);
  }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  bool ready() const { return ready_; }
  void start() const { order(kRun); }
  // Runs per second; negative: it failed.
  double receive() const {
    double answer = -1;
    return read(answers_[0], &answer, sizeof answer) == sizeof answer ? answer : -1;
  }

 private:
  static constexpr char kRun = 'r', kEnd = 'e';

  void order(char what) const {
    if (write(orders_[1], &what, 1) != 1) std::perror("a runner is gone");
  }

  [[noreturn]] void serve(const std::string& path, const Extents& extents, int count,
                          double seconds) const {
    close(orders_[1]);
    close(answers_[0]);
    std::vector<runtime::Engine> engines;
    for (int i = 0; i < count; ++i) engines.push_back(build(path, extents));
    double answer = 0;
    char what = kRun;
    while (what == kRun && write(answers_[1], &answer, sizeof answer) == sizeof answer) {
      if (read(orders_[0], &what, 1) != 1) break;
      if (what == kRun) answer = run_together(engines, seconds);
    }
    _exit(0);
  }

  int orders_[2] = {};
  int answers_[2] = {};
  pid_t child_ = 0;
  bool ready_ = false;
};

using Runners = std::vector<std::unique_ptr<Runner>>;

double rate_of(const Runners& runners) {
  for (const auto& runner : runners) runner->start();
  double all = 0;
  for (const auto& runner : runners) all += runner->receive();
  return all;
}

bool all_ready(const Runners& runners) {
  return std::all_of(runners.begin(), runners.end(), [](const auto& r) { return r->ready(); });
}

bool print_row(const std::string& path, const Extents& extents, int engines, Effort effort) {
  Runners shared, apart;
  shared.push_back(std::make_unique<Runner>(path, extents, engines, effort.seconds));
  for (int i = 0; i < engines; ++i) {
    apart.push_back(std::make_unique<Runner>(path, extents, 1, effort.seconds));
  }
  if (!all_ready(shared) || !all_ready(apart)) return false;
  std::vector<double> shared_rates, apart_rates, ratios;
  for (int round = 0; round < effort.rounds; ++round) {
    if (round % 2 == 0) shared_rates.push_back(rate_of(shared));
    apart_rates.push_back(rate_of(apart));
    if (round % 2 == 1) shared_rates.push_back(rate_of(shared));
    ratios.push_back(shared_rates.back() / apart_rates.back());
  }
  std::string by_round;
  for (const double ratio : ratios) {
    char text[16];
    std::snprintf(text, sizeof text, " %.2f", ratio);
    by_round += text;
  }
  std::printf("| %s | %d | %.1f | %.1f | **%.2f** |%s |\n",
              benchmarks::title(path, extents).c_str(), engines, median(shared_rates),
              median(apart_rates), median(ratios), by_round.c_str());
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Effort effort;
  Extents extents;
  bool ok = true;
  std::printf(
      "| model | engines | shared runs/s | apart runs/s | ratio | by round |\n"
      "|---|---|---|---|---|---|\n");
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--seconds" && i + 1 < argc) {
      effort.seconds = std::atof(argv[++i]);
    } else if (argument == "--rounds" && i + 1 < argc) {
      effort.rounds = std::atoi(argv[++i]);
    } else if (!benchmarks::enter_extent(argument, extents)) {
      for (const int engines : {1, 2, 4}) ok &= print_row(argument, extents, engines, effort);
      extents.clear();
    }
  }
  return ok ? 0 : 1;
}
