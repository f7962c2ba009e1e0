#include "mini_infer/planner/solve.h"

#include <cctype>

#include "cli/buffer_file.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/stopwatch.h"
#include "core/try.h"
#include "mini_infer/planner/check.h"
#include "report/plan_json.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using planner::Proof;
using planner::Solution;
using std::to_string;

// The planner knows buffers by their index: "buffer 6" becomes "buffer 'x' (problem.csv:8)".
std::string name_buffers(const std::string& message, const BufferFile& file) {
  constexpr std::string_view kBuffer = "buffer ";
  std::string text;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t begin = at + kBuffer.size();
    std::size_t end = begin;
    if (message.compare(at, kBuffer.size(), kBuffer) == 0) {
      while (end < message.size() && std::isdigit(static_cast<unsigned char>(message[end])) != 0) {
        ++end;
      }
    }
    const std::size_t index =
        end > begin ? std::stoull(message.substr(begin, end - begin)) : file.ids.size();
    if (index < file.ids.size()) {
      text += "buffer '" + file.ids[index] + "' (" + file.where(index) + ")";
      at = end;
    } else {
      text += message[at++];
    }
  }
  return text;
}

core::Result<Solution> solve(const BufferFile& file, const SolveCommand& command) {
  const planner::Effort effort{.nodes = command.nodes,
                               .seconds = command.seconds,
                               .threads = command.threads,
                               .capacity = command.capacity};
  core::Result<Solution> solution = planner::solve(file.problem, effort);
  if (!solution.ok()) {
    return Status(solution.status().code(), name_buffers(solution.status().message(), file));
  }
  const Status judged = planner::check(file.problem, *solution);
  if (!judged.ok()) return Status(judged.code(), name_buffers(judged.message(), file));
  return solution;
}

std::string bytes_text(std::int64_t bytes) { return to_string(bytes) + " bytes"; }

// The plan that shares nothing knows the bound, so that a capacity below it costs no search.
Status check_capacity(const BufferFile& file, const SolveCommand& command) {
  if (!command.capacity) return Status::SUCCESS;
  const core::Result<Solution> bound = planner::unshared(file.problem);
  if (!bound.ok()) return {bound.status().code(), name_buffers(bound.status().message(), file)};
  if (*command.capacity >= bound->lower_bound) return Status::SUCCESS;
  return {Status::ERROR_OVER_BUDGET, file.path + ": a capacity of " +
                                         bytes_text(*command.capacity) +
                                         " cannot be enough: step " + to_string(bound->peak_step) +
                                         " needs " + bytes_text(bound->lower_bound)};
}

double gap_percent(const Solution& solution) {
  if (solution.lower_bound == 0) return 0;
  return 100.0 * static_cast<double>(solution.height - solution.lower_bound) /
         static_cast<double>(solution.lower_bound);
}

const char* proof_text(Proof proof) {
  switch (proof) {
    case Proof::kNone:
      return "not proven";
    case Proof::kByBound:
      return "best of all: equal to the lower bound";
    case Proof::kBySearch:
      return "best of all: by exhaustive search";
  }
  return "";
}

report::Json to_json(const SolveCommand& command, const Solution& solution, std::size_t buffers,
                     double seconds) {
  report::Json json = report::Json::object();
  json.set("schema", "mini-infer.solve")
      .set("version", 1)
      .set("problem", command.path)
      .set("buffers", buffers)
      .set("height", solution.height)
      .set("lower_bound", solution.lower_bound)
      .set("peak_step", solution.peak_step)
      .set("proven", solution.proof != Proof::kNone)
      .set("proof", report::proof_name(solution.proof))
      .set("deterministic", !command.seconds.has_value())
      .set("seconds", seconds);
  if (command.capacity) {
    json.set("capacity", *command.capacity).set("fits", solution.height <= *command.capacity);
  }
  return json;
}

std::string to_text(const SolveCommand& command, const Solution& solution, double seconds) {
  std::string text = row("height", bytes_text(solution.height)) +
                     row("lower bound", bytes_text(solution.lower_bound) + ", at step " +
                                            to_string(solution.peak_step));
  std::string verdict = proof_text(solution.proof);
  if (solution.proof != Proof::kByBound) {
    verdict += ", " + number_text(gap_percent(solution)) + " % above the lower bound";
  }
  text += row("offsets", verdict);
  if (command.capacity) {
    text +=
        row("capacity", bytes_text(*command.capacity) +
                            (solution.height <= *command.capacity ? ": fits" : ": does not fit"));
  }
  text += row("time", milliseconds_text(1000 * seconds));
  if (command.seconds) text += row("", "searched by the clock: the answer depends on the machine");
  return text;
}

}  // namespace

core::Result<ExitCode> execute(const SolveCommand& command) {
  MI_ASSIGN(const BufferFile file, read_buffers(command.path));
  MI_ASSIGN(const auto output, open_output(command.output));
  const Stopwatch stopwatch;
  MI_TRY(check_capacity(file, command));
  MI_ASSIGN(const Solution solution, solve(file, command));
  const double seconds = stopwatch.milliseconds() / 1000;
  if (output) MI_TRY(write_text(*output, to_text(file, solution.offsets)));
  if (command.json) {
    write_json(to_json(command, solution, file.ids.size(), seconds));
  } else {
    print(to_text(command, solution, seconds));
  }
  const bool fits = !command.capacity || solution.height <= *command.capacity;
  return fits ? ExitCode::kOk : ExitCode::kOverBudget;
}

}  // namespace mini_infer::cli
