#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/compare.h"
#include "mini_infer/runtime/engine.h"

namespace mini_infer::cli {

enum class Verdict { kPassed, kFailed, kUnsupported, kNoData };

struct FolderResult {
  Verdict verdict = Verdict::kNoData;
  std::string reason;  // why not, or what weakened a pass
  int data_sets = 0;   // compared
  // The largest of all float outputs, see Comparison.
  std::optional<double> relative_error;
};

// Runs the model of an ONNX test folder on each of its data sets and compares. ERROR_UNSUPPORTED
// from any stage makes the folder unsupported; any other error is a failure.
FolderResult verify_folder(const std::filesystem::path& folder, const Tolerance& tolerance,
                           const runtime::EngineConfig& config);

}  // namespace mini_infer::cli
