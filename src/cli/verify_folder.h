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
  std::optional<Criterion> criterion;  // by which outputs were compared, if any were
};

// A model with more elements in its constants is compared by output where no criterion is asked
// for: in long sums, elements near zero keep fewer digits than a tolerance by elements allows.
inline constexpr std::size_t kMostElementsByElements = 1000;

// Runs the model of an ONNX test folder on each of its data sets and compares, by the criterion, or
// by the one for such a model. ERROR_UNSUPPORTED from any stage makes the folder unsupported; any
// other error is a failure.
FolderResult verify_folder(const std::filesystem::path& folder, std::optional<Criterion> criterion,
                           const Tolerance& tolerance, const runtime::EngineConfig& config);

}  // namespace mini_infer::cli
