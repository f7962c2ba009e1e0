#pragma once

#include <vector>

#include "optimizer/check/compute.h"
#include "optimizer/check/test_inputs.h"
#include "optimizer/pass.h"

namespace mini_infer::optimizer {

// Holds every pass to the numbers of the graph before it:
//   MI_ASSIGN(PassCheck check, PassCheck::begin(graph, evaluate));
//   ... a pass changes the graph ...
//   MI_TRY(check.after(pass, graph));
// It computes the graph on several sets of inputs (InputKind). The scale of an output, by which
// Numbers::relative counts, is its largest finite element and at least 1; with large inputs it is
// the largest finite number that any node computes. What is finite and beyond Numbers::largest in
// an output, or anywhere with large inputs, is not comparable: the pass cannot store it. Costs a
// run of the graph for each set and each pass that changes something. For one thread.
class PassCheck {
 public:
  // Computes the inferred graph. Keeps `evaluate` by reference. ERROR_UNSUPPORTED, here and from
  // after(), where the evaluator has no kernel for a node: the check cannot be done.
  [[nodiscard]] static core::Result<PassCheck> begin(const graph::Graph& graph,
                                                     const ops::Evaluator& evaluate);

  // ERROR_INTERNAL names the pass, the output, the element, what was expected and what was found. A
  // set of inputs on which the graph fails must fail with the same code afterwards.
  [[nodiscard]] core::Status after(const Pass& pass, const graph::Graph& graph);

 private:
  struct Set {
    InputKind kind;
    std::vector<core::Tensor> inputs;
    core::Result<Computed> computed;
  };

  PassCheck(const graph::Graph& graph, const ops::Evaluator& evaluate)
      : evaluate_(&evaluate), graph_(graph) {}

  const ops::Evaluator* evaluate_;
  graph::Graph graph_;  // as the last pass left it
  std::vector<Set> sets_;
};

}  // namespace mini_infer::optimizer
