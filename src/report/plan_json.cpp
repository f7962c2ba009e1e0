#include "report/plan_json.h"

#include <algorithm>

#include "mini_infer/report/memory_report.h"
#include "runtime/plan_facts.h"

namespace mini_infer::report {
namespace {

using runtime::MemoryPlan;
using runtime::MemoryPool;
using runtime::PlanStep;
using runtime::TensorPlacement;

const char* kind_name(TensorPlacement::Kind kind) {
  switch (kind) {
    case TensorPlacement::Kind::kTensor:
      return "tensor";
    case TensorPlacement::Kind::kWorkspace:
      return "workspace";
    case TensorPlacement::Kind::kScratch:
      return "scratch";
  }
  return "tensor";
}

Json windows(const TensorPlacement& tensor) {
  Json list = Json::array();
  for (const runtime::WindowPlacement& window : tensor.windows) {
    list.add(Json::object()
                 .set("value", window.value)
                 .set("offset_bytes", window.offset_bytes)
                 .set("row_bytes", window.row_bytes)
                 .set("pitch_bytes", window.pitch_bytes));
  }
  return list;
}

Json placements(const std::vector<TensorPlacement>& tensors) {
  Json list = Json::array();
  for (const TensorPlacement& tensor : tensors) {
    Json json = Json::object();
    json.set("name", tensor.name)
        .set("kind", kind_name(tensor.kind))
        .set("offset", tensor.offset)
        .set("size_bytes", tensor.size_bytes)
        .set("first_step", tensor.first_step)
        .set("last_step", tensor.last_step)
        .set("values", json_array(tensor.values));
    if (!tensor.windows.empty()) json.set("windows", windows(tensor));
    list.add(std::move(json));
  }
  return list;
}

Json windows(const MemoryPlan& plan) {
  Json list = Json::array();
  for (const runtime::PlanWindow& window : plan.windows) {
    list.add(Json::object()
                 .set("node", window.name)
                 .set("op", window.op)
                 .set("tensors", window.tensors)
                 .set("copied_tensors", window.copied_tensors)
                 .set("saved_bytes", window.saved_bytes));
  }
  return list;
}

Json pools(const MemoryPlan& plan) {
  Json list = Json::array();
  for (const MemoryPool& pool : plan.pools) {
    list.add(Json::object()
                 .set("name", pool.name)
                 .set("size_bytes", pool.size_bytes)
                 .set("alignment", pool.alignment)
                 .set("tensors", placements(pool.tensors)));
  }
  return list;
}

Json steps(const MemoryPlan& plan) {
  Json list = Json::array();
  for (const PlanStep& step : plan.steps) {
    Json json = Json::object();
    json.set("node", step.name)
        .set("op", step.op)
        .set("live_bytes", step.live_bytes)
        .set("hole_bytes", step.hole_bytes);
    if (!step.kernel.empty()) {
      json.set("kernel", step.kernel)
          .set("workspace_wanted_bytes", step.workspace_wanted)
          .set("workspace_taken_bytes", step.workspace_taken);
    }
    if (step.on_cpu) json.set("on_cpu", true).set("copied_bytes", step.copied_bytes);
    list.add(std::move(json));
  }
  return list;
}

Json values(const MemoryPlan& plan) {
  Json list = Json::array();
  for (const runtime::PlanValue& value : plan.values) {
    Json json = Json::object();
    json.set("value", value.value)
        .set("name", value.name)
        .set("type", core::type_name(value.type))
        .set("shape", json_array(value.shape))
        .set("producer", value.producer < 0 ? Json::null() : Json(value.producer))
        .set("readers", json_array(value.readers));
    if (value.is_output) json.set("output", true);
    list.add(std::move(json));
  }
  return list;
}

// Of steps that the CPU computes in a device's stead.
Json fallback(const MemoryPlan& plan) {
  int on_cpu = 0;
  std::size_t copied = 0;
  for (const PlanStep& step : plan.steps) {
    on_cpu += step.on_cpu ? 1 : 0;
    copied += step.copied_bytes;
  }
  return Json::object()
      .set("steps", on_cpu)
      .set("copied_bytes", copied)
      .set("host_bytes", plan.fallback_bytes)
      .set("host_weights_bytes", plan.fallback_weights_bytes);
}

Json peak(const MemoryPlan& plan) {
  Json live = Json::array();
  for (const TensorPlacement* tensor : runtime::live_at(plan, plan.peak_step)) {
    live.add(Json::object().set("name", tensor->name).set("size_bytes", tensor->size_bytes));
  }
  const auto step = static_cast<std::size_t>(plan.peak_step);
  return Json::object()
      .set("step", plan.peak_step)
      .set("node", step < plan.steps.size() ? plan.steps[step].name : "")
      .set("live_tensors", live);
}

}  // namespace

const char* proof_name(runtime::Proof proof) {
  switch (proof) {
    case runtime::Proof::kByBound:
      return "by_bound";
    case runtime::Proof::kBySearch:
      return "by_search";
    case runtime::Proof::kNone:
      return "none";
  }
  return "none";
}

Json plan_json(const MemoryPlan& plan) {
  Json json = Json::object();
  json.set("schema", "mini-infer.plan")
      .set("version", 1)
      .set("model_name", plan.model_name)
      .set("weights_bytes", plan.weights_bytes)
      .set("weights_for", plan.weights_for)
      .set("staging_bytes", plan.staging_bytes)
      .set("build_bytes", plan.build_bytes)
      .set("total_bytes", plan.total_bytes())
      .set("arena_bytes", plan.total_memory)
      .set("lower_bound_bytes", plan.lower_bound)
      .set("gap_bytes", plan.total_memory - plan.lower_bound)
      .set("unshared_bytes", plan.original_memory)
      .set("saving_ratio", runtime::saving_ratio(plan))
      .set("proven_offsets", plan.proven_offsets())
      .set("offsets_proof", proof_name(plan.offsets_proof))
      .set("proven_order", plan.proven_order())
      .set("order_proof", proof_name(plan.order_proof))
      .set("order_bound_bytes", plan.order_bound)
      .set("windows", windows(plan))
      .set("bound_without_windows_bytes", plan.bound_without_windows)
      .set("plan_hash", plan.plan_hash)
      .set("kernels_hash", plan.kernels_hash)
      .set("peak", peak(plan))
      .set("pools", pools(plan))
      .set("bound", placements(plan.bound))
      .set("steps", steps(plan))
      .set("values", values(plan));
  const auto on_cpu = [](const PlanStep& step) { return step.on_cpu; };
  if (std::ranges::any_of(plan.steps, on_cpu)) json.set("fallback", fallback(plan));
  return json;
}

std::string plan_to_json(const MemoryPlan& plan) { return plan_json(plan).dump(); }

}  // namespace mini_infer::report
