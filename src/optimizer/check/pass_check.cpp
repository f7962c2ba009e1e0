#include "optimizer/check/pass_check.h"

#include <algorithm>

#include "core/try.h"
#include "optimizer/check/unchanged.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

bool is_float(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat64 || type == DataType::kFloat16 ||
         type == DataType::kBFloat16;
}

Status changed(const Pass& pass, InputKind kind, const std::string& how) {
  return {Status::ERROR_INTERNAL, "the pass '" + std::string(pass.info.name) +
                                      "' changed what the graph computes on inputs that are " +
                                      name_of(kind) + ": " + how +
                                      "; leave the pass out, and report the model"};
}

// What says nothing of a pass: the check itself cannot be done.
bool is_no_outcome(const Status& status) {
  return status == Status::ERROR_UNSUPPORTED || status == Status::ERROR_OUT_OF_MEMORY;
}

Status cannot_check(const std::string& when, const Status& status) {
  return {status.code(), "checking passes: the CPU cannot compute the graph " + when + ": " +
                             status.message() + "; build without checking passes"};
}

Status compare_outputs(const Pass& pass, InputKind kind, const graph::Graph& graph,
                       const Computed& before, const Computed& now) {
  const bool large = kind == InputKind::kLarge;
  if (large && before.largest > pass.numbers.largest) return Status::SUCCESS;
  for (std::size_t i = 0; i < before.outputs.size(); ++i) {
    const Tensor& expected = before.outputs[i];
    if (!is_float(expected.type()) && !pass.numbers.keeps_integers) continue;
    if (largest_finite(expected) > pass.numbers.largest) continue;
    const double scale = std::max(1.0, large ? before.largest : largest_finite(expected));
    const auto found = difference(expected, now.outputs[i], pass.numbers.relative * scale);
    if (found)
      return changed(pass, kind, "output '" + graph.value(graph.outputs[i]).name + "', " + *found);
  }
  return Status::SUCCESS;
}

}  // namespace

core::Result<PassCheck> PassCheck::begin(const graph::Graph& graph,
                                         const ops::Evaluator& evaluate) {
  PassCheck check(graph, evaluate);
  for (const InputKind kind : input_kinds(graph)) {
    MI_ASSIGN(auto inputs, test_inputs(graph, kind));
    auto computed = compute(graph, inputs, evaluate);
    if (is_no_outcome(computed.status())) {
      return cannot_check("before the first pass", computed.status());
    }
    check.sets_.push_back({kind, std::move(inputs), std::move(computed)});
  }
  return check;
}

Status PassCheck::after(const Pass& pass, const graph::Graph& graph) {
  if (are_identical(graph_, graph)) return Status::SUCCESS;
  for (Set& set : sets_) {
    auto now = compute(graph, set.inputs, *evaluate_);
    if (is_no_outcome(now.status())) {
      return cannot_check("after the pass '" + std::string(pass.info.name) + "'", now.status());
    }
    if (now.ok() != set.computed.ok() || !(now.status() == set.computed.status().code())) {
      return changed(pass, set.kind,
                     "expected the outcome '" + set.computed.status().to_string() + "', found '" +
                         now.status().to_string() + "'");
    }
    if (now.ok()) {
      MI_TRY(compare_outputs(pass, set.kind, graph, *set.computed, *now));
    }
    set.computed = std::move(now);
  }
  graph_ = graph;
  return Status::SUCCESS;
}

}  // namespace mini_infer::optimizer
