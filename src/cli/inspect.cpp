#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/graph_facts.h"
#include "cli/model.h"
#include "cli/text.h"
#include "core/try.h"
#include "cpu/evaluator.h"
#include "mini_infer/report/memory_report.h"
#include "mini_infer/runtime/shape_inputs.h"
#include "ops/infer.h"
#include "optimizer/optimizer.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using graph::Graph;
using report::Json;

struct Stage {
  std::string pass;
  Graph graph;
};

// Why shapes are not inferred; empty when they are.
core::Result<std::string> infer_shapes(Graph& graph) {
  if (Status bound = check_bound(graph); !bound.ok()) return bound.message();
  MI_TRY(ops::infer(graph, cpu::evaluate));
  return std::string();
}

core::Result<std::vector<Stage>> optimize(const Graph& imported, const InspectCommand& command) {
  if (!command.each_pass && command.after.empty()) return std::vector<Stage>{};
  std::vector<Stage> stages;
  std::vector<std::string> passes;
  Graph graph = imported;
  MI_TRY(complete_shapes(graph));
  optimizer::Options options;
  options.after_pass = [&](std::string_view pass, const Graph& after) {
    passes.emplace_back(pass);
    if (command.each_pass || command.after == pass) stages.push_back({passes.back(), after});
  };
  MI_TRY(optimizer::optimize(graph, options, cpu::evaluate).status());
  if (stages.empty()) {
    return {Status::ERROR_INVALID_ARGUMENT, "--after: there is no optimiser pass '" +
                                                command.after + "'; the passes are " +
                                                join(passes, ", ")};
  }
  return stages;
}

Json graph_json(const Graph& graph, bool with_nodes) {
  Json operators = Json::object();
  for (const auto& [op, count] : operator_counts(graph)) operators.set(op, count);
  const ConstantCount constants = count_constants(graph);
  Json json = Json::object();
  json.set("node_count", graph.nodes().size())
      .set("operators", std::move(operators))
      .set("constants", constants.tensors)
      .set("constant_bytes", constants.bytes);
  if (with_nodes) json.set("nodes", nodes_json(graph));
  return json;
}

void print_json(const InspectCommand& command, const Graph& graph, const std::string& not_inferred,
                const std::vector<Stage>& stages) {
  Json opsets = Json::object();
  for (const auto& [domain, version] : graph.opsets) opsets.set(domain_text(domain), version);
  Json passes = Json::array();
  for (const Stage& stage : stages) {
    passes.add(Json::object()
                   .set("pass", stage.pass)
                   .set("graph", graph_json(stage.graph, command.nodes)));
  }
  write_json(
      Json::object()
          .set("schema", "mini-infer.inspect")
          .set("version", 1)
          .set("model", command.model.path)
          .set("name", graph.name)
          .set("opsets", std::move(opsets))
          .set("inputs", values_json(graph, graph.inputs))
          .set("outputs", values_json(graph, graph.outputs))
          .set("shape_deciding_inputs", report::json_array(runtime::shape_deciding_inputs(graph)))
          .set("shapes_not_inferred", not_inferred)
          .set("graph", graph_json(graph, command.nodes))
          .set("after", std::move(passes)));
}

std::string values_text(const char* title, const Graph& graph,
                        const std::vector<graph::ValueId>& ids) {
  std::string text;
  for (graph::ValueId id : ids) {
    text += row(text.empty() ? title : "", graph.value(id).name + " " + type_text(graph.value(id)));
  }
  return text;
}

std::string graph_text(const Graph& graph, bool with_nodes) {
  const ConstantCount constants = count_constants(graph);
  return row("constants", std::to_string(constants.tensors) + " tensors, " +
                              report::human_bytes(constants.bytes)) +
         row("operators", operators_text(graph)) + (with_nodes ? graph.to_text() : "");
}

void print_text(const InspectCommand& command, const Graph& graph, const std::string& not_inferred,
                const std::vector<Stage>& stages) {
  std::vector<std::string> opsets;
  for (const auto& [domain, version] : graph.opsets) {
    opsets.push_back(domain_text(domain) + " " + std::to_string(version));
  }
  print(row("model", command.model.path + (graph.name.empty() ? "" : " '" + graph.name + "'")) +
        row("opsets", join(opsets, ", ")) + values_text("inputs", graph, graph.inputs) +
        values_text("outputs", graph, graph.outputs) + graph_text(graph, command.nodes));
  if (!not_inferred.empty()) print(row("shapes", "not inferred: " + not_inferred));
  for (const Stage& stage : stages) {
    print("\n" + row("after", stage.pass) + graph_text(stage.graph, command.nodes));
  }
}

}  // namespace

core::Result<ExitCode> execute(const InspectCommand& command) {
  Progress progress;
  progress.show("importing " + command.model.path);
  MI_ASSIGN(const Model model, load_model(command.model));
  MI_ASSIGN(const std::vector<Stage> stages, optimize(*model.graph, command));
  MI_ASSIGN(const std::string not_inferred, infer_shapes(*model.graph));
  progress.clear();
  if (command.json) {
    print_json(command, *model.graph, not_inferred, stages);
  } else {
    print_text(command, *model.graph, not_inferred, stages);
  }
  return ExitCode::kOk;
}

}  // namespace mini_infer::cli
