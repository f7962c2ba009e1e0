#include "optimizer/optimizer.h"

#include <algorithm>
#include <array>

#include "core/try.h"
#include "optimizer/check/pass_check.h"
#include "optimizer/pass.h"
#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using core::Status;

// Passes without Numbers move elements and drop what changes none: no bit changes. The others
// compute sums in another order,
constexpr Numbers kRounds{.relative = 5e-6};
// or a function whose constants a model writes with a few digits.
constexpr Numbers kApproximates{.relative = 2e-5};

constexpr std::array kAlways = {
    Pass{{"fold-constants", "removes nodes whose results are known before running"},
         fold_constants},
    Pass{{"drop-dead", "removes nodes that no graph output depends on"}, drop_dead},
};

constexpr std::array kSwitchable = {
    Pass{{"remove-identity", "removes nodes that change nothing, joins chains of reshapes"},
         remove_identity},
    Pass{{"merge-pad", "moves zero padding into the convolutions behind it"}, merge_pad},
    Pass{{"fuse-activation", "gives activations that are written out their names"},
         fuse_activation,
         kApproximates},
    Pass{{"fuse-normalization", "makes one node of LayerNorm and RMSNorm that are written out"},
         fuse_normalization,
         kRounds},
    Pass{{"fold-batch-norm", "moves per-channel scales and shifts into the weights before them"},
         fold_batch_norm,
         kRounds},
    Pass{{"fuse-rotary", "makes one node of rotary embeddings, before heads are transposed"},
         fuse_rotary,
         kRounds},
    Pass{{"fuse-attention", "makes one node of queries, keys, Softmax and values, read in place"},
         fuse_attention,
         kRounds},
    Pass{{"absorb-transposes", "lets Gemm read transposed, cancels pairs around elementwise nodes"},
         absorb_transposes},
    Pass{{"fuse-epilogue", "joins Conv, Gemm and MatMul with bias, residual and activation"},
         fuse_epilogue,
         kRounds},
    Pass{{"pack-projections", "makes one product of those that give queries, keys and values"},
         pack_projections,
         kRounds},
    Pass{{"fuse-residual", "joins normalisations with the addition before them"},
         fuse_residual,
         kRounds},
    Pass{{"fuse-scale", "joins scaling by channel with residual and activation"},
         fuse_scale,
         kRounds},
    Pass{{"layout", "keeps channels last around convolutions, with the fewest bytes transposed"},
         choose_layout,
         kRounds},
};

// Sixteen roundings of the largest element.
constexpr Numbers kFloat16{.relative = 0x1p-7, .largest = 65504, .keeps_integers = false};
constexpr Numbers kBFloat16{.relative = 0x1p-4, .largest = 0x1.fep127, .keeps_integers = false};

constexpr Pass kToFloat16{{"precision", "stores float32 tensors as float16"}, to_float16, kFloat16};
constexpr Pass kToBFloat16{
    {"precision", "stores float32 tensors as bfloat16"}, to_bfloat16, kBFloat16};

Status check_names(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const bool known = std::any_of(kSwitchable.begin(), kSwitchable.end(),
                                   [&](const Pass& pass) { return pass.info.name == name; });
    if (known) continue;
    std::string all;
    for (const Pass& pass : kSwitchable) {
      all += (all.empty() ? "" : ", ") + std::string(pass.info.name);
    }
    return {Status::ERROR_INVALID_ARGUMENT,
            "there is no optimiser pass '" + name + "'; the passes are " + all};
  }
  return Status::SUCCESS;
}

bool wanted(const Options& options, const Pass& pass) {
  if (!options.passes) return true;
  return std::find(options.passes->begin(), options.passes->end(), pass.info.name) !=
         options.passes->end();
}

}  // namespace

std::vector<PassInfo> passes() {
  std::vector<PassInfo> infos;
  for (const Pass& pass : kSwitchable) infos.push_back(pass.info);
  return infos;
}

std::vector<Pass> all_passes() {
  std::vector<Pass> all(kAlways.begin(), kAlways.end());
  all.insert(all.end(), kSwitchable.begin(), kSwitchable.end());
  all.push_back(kToFloat16);
  all.push_back(kToBFloat16);
  return all;
}

core::Result<std::vector<PassReport>> optimize(graph::Graph& graph, const Options& options,
                                               const ops::Evaluator& evaluate) {
  if (options.passes) MI_TRY(check_names(*options.passes));
  MI_TRY(ops::infer(graph, evaluate));
  std::vector<Pass> chosen(kAlways.begin(), kAlways.end());
  std::copy_if(kSwitchable.begin(), kSwitchable.end(), std::back_inserter(chosen),
               [&](const Pass& pass) { return wanted(options, pass); });
  if (options.precision == core::Precision::kFloat16) chosen.push_back(kToFloat16);
  if (options.precision == core::Precision::kBFloat16) chosen.push_back(kToBFloat16);

  std::optional<PassCheck> check;
  if (options.check_passes) {
    MI_ASSIGN(check, PassCheck::begin(graph, evaluate));
  }
  std::vector<PassReport> reports;
  for (const Pass& pass : chosen) {
    MI_ASSIGN(auto report, run_pass(pass, graph, evaluate));
    reports.push_back(std::move(report));
    if (check) MI_TRY(check->after(pass, graph));
    if (options.after_pass) options.after_pass(pass.info.name, graph);
  }
  return reports;
}

}  // namespace mini_infer::optimizer
