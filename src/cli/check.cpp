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

std::string models_text(const Verdict& verdict) {
  std::string text;
  for (const importers::ModelDigest& model : verdict.models) {
    for (const importers::FileDigest& file : model.files) {
      text += row(text.empty() ? "model" : "", file.name + ", SHA-256 " + file.sha256);
    }
  }
  return text;
}

report::Json models_json(const Verdict& verdict) {
  report::Json models = report::Json::array();
  for (const importers::ModelDigest& model : verdict.models) {
    report::Json files = report::Json::array();
    for (const importers::FileDigest& file : model.files) {
      files.add(report::Json::object().set("name", file.name).set("sha256", file.sha256));
    }
    models.add(report::Json::object().set("name", model.name).set("files", std::move(files)));
  }
  return models;
}

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
         row("order", evidence_text(verdict.order, "the best of all")) + models_text(verdict) +
         row("hash", verdict.plan_hash);
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
      .set("models", models_json(verdict))
      .set("plan_hash", verdict.plan_hash)
      .set("hash", verdict.hash);
}

// Why the certificate is not of the models that were named; empty if it is.
core::Result<std::string> check_models(const CheckCommand& command, const Verdict& verdict) {
  if (command.models.empty()) return std::string();
  if (verdict.models.size() != command.models.size()) {
    return "it is of " + std::to_string(verdict.models.size()) + " models, and " +
           std::to_string(command.models.size()) + " were named";
  }
  for (std::size_t i = 0; i < command.models.size(); ++i) {
    MI_ASSIGN(const std::string difference,
              importers::check_digest(command.models[i], verdict.models[i]));
    if (!difference.empty()) return "it is of another model: " + difference;
  }
  return std::string();
}

ExitCode print_accepted(const CheckCommand& command, const Verdict& verdict) {
  if (command.json) {
    write_json(to_json(command, verdict));
  } else {
    print(to_text(verdict));
  }
  return ExitCode::kOk;
}

ExitCode print_refused(const CheckCommand& command, const std::string& reason) {
  if (command.json) {
    write_json(to_json(command).set("accepted", false).set("reason", reason));
  } else {
    print(row("verdict", "refused: " + reason));
  }
  return ExitCode::kAccuracy;
}

}  // namespace

core::Result<ExitCode> execute(const CheckCommand& command) {
  MI_ASSIGN(const std::string text,
            read_text(command.path, "a certificate, as `mini-infer plan --certificate` writes it"));
  const core::Result<Verdict> verdict = report::check_certificate(text, command.search);
  if (verdict.ok()) {
    MI_ASSIGN(const std::string difference, check_models(command, *verdict));
    return difference.empty() ? print_accepted(command, *verdict)
                              : print_refused(command, difference);
  }
  if (verdict.status().code() == Status::ERROR_INTERNAL) {
    return print_refused(command, verdict.status().message());
  }
  return verdict.status().with_context(command.path);
}

}  // namespace mini_infer::cli
