#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input_files.h"
#include "core/try.h"
#include "mini_infer/report/certificate.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using report::Evidence;
using report::Verdict;

const char* evidence_name(Evidence evidence) {
  switch (evidence) {
    case Evidence::kNone:
      return "none";
    case Evidence::kBound:
      return "by_bound";
    case Evidence::kRepeated:
      return "by_repeated_search";
    case Evidence::kTrusted:
      return "not_checked";
  }
  return "none";
}

std::string evidence_text(Evidence evidence, const std::string& claim) {
  switch (evidence) {
    case Evidence::kNone:
      return "not claimed to be " + claim;
    case Evidence::kBound:
      return claim + ": derived anew";
    case Evidence::kRepeated:
      return claim + ": the search was repeated";
    case Evidence::kTrusted:
      return "claimed to be " + claim + ", which was not checked: --search looks for better";
  }
  return "";
}

std::string bytes_text(std::size_t bytes) { return std::to_string(bytes) + " bytes"; }

std::string to_text(const Verdict& verdict) {
  return row("verdict", "accepted") +
         row("judged", std::to_string(verdict.steps) + " steps, " +
                           std::to_string(verdict.storages) +
                           " storages: nothing is overwritten "
                           "that is still needed, nothing alive shares a byte") +
         row("arena", bytes_text(verdict.arena_bytes)) +
         row("lower bound", bytes_text(verdict.lower_bound) + ", at step " +
                                std::to_string(verdict.peak_step) +
                                (verdict.peak_node.empty() ? "" : ", " + verdict.peak_node)) +
         row("offsets", evidence_text(verdict.offsets, "the smallest possible for this order")) +
         row("order", evidence_text(verdict.order, "the best of all")) + row("hash", verdict.hash);
}

report::Json to_json(const CheckCommand& command) {
  return report::Json::object()
      .set("schema", "mini-infer.check")
      .set("version", 1)
      .set("certificate", command.path);
}

report::Json to_json(const CheckCommand& command, const Verdict& verdict) {
  return to_json(command)
      .set("accepted", true)
      .set("steps", verdict.steps)
      .set("storages", verdict.storages)
      .set("arena_bytes", verdict.arena_bytes)
      .set("lower_bound_bytes", verdict.lower_bound)
      .set("peak",
           report::Json::object().set("step", verdict.peak_step).set("node", verdict.peak_node))
      .set("offsets", evidence_name(verdict.offsets))
      .set("order", evidence_name(verdict.order))
      .set("order_bound_bytes", verdict.order_bound)
      .set("hash", verdict.hash);
}

}  // namespace

core::Result<ExitCode> execute(const CheckCommand& command) {
  MI_ASSIGN(const std::string text,
            read_text(command.path, "a certificate, as `mini-infer plan --certificate` writes it"));
  const core::Result<Verdict> verdict = report::check_certificate(text, command.search);
  if (verdict.ok()) {
    if (command.json) {
      write_json(to_json(command, *verdict));
    } else {
      print(to_text(*verdict));
    }
    return ExitCode::kOk;
  }
  if (verdict.status().code() != Status::ERROR_INTERNAL) {
    return verdict.status().with_context(command.path);
  }
  if (command.json) {
    write_json(to_json(command).set("accepted", false).set("reason", verdict.status().message()));
  } else {
    print(row("verdict", "refused: " + verdict.status().message()));
  }
  return ExitCode::kAccuracy;
}

}  // namespace mini_infer::cli
