#include "optimizer/pass.h"

#include <chrono>

#include "core/try.h"
#include "graph/files.h"
#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using core::Status;
using graph::Graph;
using graph::Value;
using graph::ValueId;

// What the caller of the engine sees of a graph.
std::string signature(const Graph& graph) {
  std::string text;
  for (const auto* list : {&graph.inputs, &graph.outputs}) {
    text += list == &graph.inputs ? "inputs" : " outputs";
    for (ValueId id : *list) {
      const Value& value = graph.value(id);
      text += " '" + value.name + "' " + core::type_name(value.type) +
              (value.shape ? value.shape->to_string() : "[?]");
    }
  }
  return text;
}

Status run_and_clean(const Pass& pass, Graph& graph, const ops::Evaluator& evaluate) {
  MI_TRY(pass.run(graph));
  MI_TRY(graph.verify());
  MI_TRY(ops::infer(graph, evaluate));
  MI_TRY(fold_constants(graph));
  MI_TRY(drop_dead(graph));
  return graph.verify();
}

Status broken(const Pass& pass, const std::string& how) {
  return {Status::ERROR_INTERNAL,
          "the pass '" + std::string(pass.info.name) + "' broke the graph: " + how};
}

}  // namespace

core::Result<PassReport> run_pass(const Pass& pass, Graph& graph, const ops::Evaluator& evaluate) {
  const auto start = std::chrono::steady_clock::now();
  PassReport report;
  report.name = pass.info.name;
  report.nodes_before = static_cast<int>(graph.nodes().size());
  const std::string before = signature(graph);

  const Status status = run_and_clean(pass, graph, evaluate);
  if (status == Status::ERROR_OUT_OF_MEMORY) return status;
  if (!status.ok()) return broken(pass, status.message());
  if (const std::string after = signature(graph); after != before) {
    return broken(pass, "expected " + before + ", found " + after);
  }

  graph::release_pages(graph);
  report.nodes_after = static_cast<int>(graph.nodes().size());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  report.milliseconds = took.count();
  return report;
}

}  // namespace mini_infer::optimizer
