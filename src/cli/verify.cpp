#include <array>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/model.h"
#include "cli/test_folder.h"
#include "cli/verify_folder.h"
#include "core/try.h"
#include "mini_infer/runtime/devices.h"

namespace mini_infer::cli {
namespace {

using std::filesystem::path;

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kUnsupported:
      return "unsupported";
    case Verdict::kNoData:
      return "no_data";
  }
  return "failed";
}

const char* criterion_name(Criterion criterion) {
  return criterion == Criterion::kElements ? "elements" : "output";
}

struct Summary {
  std::array<int, 4> count_of{};
  report::Json folders = report::Json::array();

  int& operator[](Verdict verdict) { return count_of[static_cast<std::size_t>(verdict)]; }
};

report::Json folder_json(const path& folder, const FolderResult& result) {
  report::Json json = report::Json::object();
  json.set("path", folder.string())
      .set("result", verdict_name(result.verdict))
      .set("reason", result.reason)
      .set("data_sets", result.data_sets);
  if (result.relative_error) json.set("relative_error", *result.relative_error);
  if (result.criterion) json.set("criterion", criterion_name(*result.criterion));
  return json;
}

std::string folder_text(const path& folder, const FolderResult& result) {
  std::string text = folder.string();
  if (result.verdict == Verdict::kPassed && result.relative_error) {
    text += "  (max|difference| / max|reference| " + number_text(*result.relative_error) + ", by " +
            criterion_name(*result.criterion) + ")";
  }
  if (!result.reason.empty()) text += ": " + result.reason;
  return row(verdict_name(result.verdict), text);
}

report::Json tolerance_json(const VerifyCommand& command) {
  report::Json json = report::Json::object();
  json.set("criterion", command.criterion ? criterion_name(*command.criterion) : "by_weights");
  if (command.criterion != Criterion::kOutput) {
    json.set("rtol", command.tolerance.rtol).set("atol", command.tolerance.atol);
  }
  if (command.criterion != Criterion::kElements) json.set("rel_max", command.tolerance.rel_max);
  return json;
}

// By which criterion folders were judged.
std::string criterion_text(const VerifyCommand& command) {
  if (command.criterion) return std::string("by ") + criterion_name(*command.criterion);
  return "by elements, but by output where a model has more than " +
         std::to_string(kMostElementsByElements) + " weight elements (--criterion)";
}

void print_json(Summary& summary, const VerifyCommand& command) {
  write_json(report::Json::object()
                 .set("schema", "mini-infer.verify")
                 .set("version", 1)
                 .set("tolerance", tolerance_json(command))
                 .set("passed", summary[Verdict::kPassed])
                 .set("failed", summary[Verdict::kFailed])
                 .set("unsupported", summary[Verdict::kUnsupported])
                 .set("no_data", summary[Verdict::kNoData])
                 .set("folders", summary.folders));
}

void print_text(Summary& summary, const VerifyCommand& command) {
  print(std::to_string(summary[Verdict::kPassed]) + " passed, " +
        std::to_string(summary[Verdict::kFailed]) + " failed, " +
        std::to_string(summary[Verdict::kUnsupported]) + " unsupported, " +
        std::to_string(summary[Verdict::kNoData]) + " without data; " + criterion_text(command) +
        "\n");
}

ExitCode outcome(Summary& summary) {
  if (summary[Verdict::kFailed] > 0) return ExitCode::kAccuracy;
  if (summary[Verdict::kUnsupported] > 0) return ExitCode::kUnsupported;
  return ExitCode::kOk;
}

}  // namespace

core::Result<ExitCode> execute(const VerifyCommand& command) {
  MI_ASSIGN(const std::vector<path> folders, find_test_folders(command.folders));
  runtime::EngineConfig config = engine_config(command.planning, command.device);
  // Else every folder would be unsupported.
  MI_TRY(runtime::device_name(config.device, config.cuda.device).status());
  config.poison_memory = command.poison;
  Summary summary;
  Progress progress;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    progress.show("[" + std::to_string(i + 1) + "/" + std::to_string(folders.size()) + "] " +
                  folders[i].filename().string());
    const FolderResult result =
        verify_folder(folders[i], command.criterion, command.tolerance, config);
    ++summary[result.verdict];
    progress.clear();
    if (command.json) {
      summary.folders.add(folder_json(folders[i], result));
    } else {
      print(folder_text(folders[i], result));
    }
  }
  command.json ? print_json(summary, command) : print_text(summary, command);
  return outcome(summary);
}

}  // namespace mini_infer::cli
