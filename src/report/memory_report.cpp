#include "mini_infer/report/memory_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "runtime/plan_facts.h"

namespace mini_infer::report {
namespace {

using runtime::MemoryPlan;
using runtime::Proof;
using runtime::TensorPlacement;

std::string row(const char* title, const std::string& text) {
  std::array<char, 32> padded{};
  std::snprintf(padded.data(), padded.size(), "%-13s", title);
  return padded.data() + text + "\n";
}

std::string percent(double ratio) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", ratio * 100.0);
  return text.data();
}

// "12.3 KB (12602 bytes)".
std::string both(std::size_t bytes) {
  return human_bytes(bytes) + " (" + std::to_string(bytes) + " bytes)";
}

std::string name_step(const MemoryPlan& plan, int step) {
  const auto index = static_cast<std::size_t>(step);
  std::string text = "step " + std::to_string(step);
  if (index >= plan.steps.size()) return text;
  return text + " of " + std::to_string(plan.steps.size()) + ", " + plan.steps[index].op + " '" +
         plan.steps[index].name + "'";
}

std::string offsets_verdict(const MemoryPlan& plan) {
  if (plan.offsets_proof == Proof::kByBound) return "smallest possible: equal to the lower bound";
  if (plan.offsets_proof == Proof::kBySearch) return "smallest possible: by exhaustive search";
  const std::size_t gap = plan.total_memory - plan.lower_bound;
  const double share = static_cast<double>(gap) / static_cast<double>(plan.total_memory);
  return "not proven: " + human_bytes(gap) + " (" + percent(share) + ") above the lower bound";
}

std::string order_verdict(const MemoryPlan& plan) {
  if (plan.order_proof == Proof::kByBound) return "best of all: equal to a bound on every order";
  if (plan.order_proof == Proof::kBySearch) return "best of all: by exhaustive search";
  return "not proven: no order needs less than " + both(plan.order_bound);
}

std::string live_tensors(const MemoryPlan& plan) {
  constexpr std::size_t kShown = 12;
  const auto live = runtime::live_at(plan, plan.peak_step);
  std::string text;
  for (std::size_t i = 0; i < live.size() && i < kShown; ++i) {
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%12s", human_bytes(live[i]->size_bytes).c_str());
    text += row("", size.data() + std::string("  ") + live[i]->name);
  }
  if (live.size() > kShown) {
    text += row("", "             and " + std::to_string(live.size() - kShown) + " smaller ones");
  }
  return text;
}

std::string windows_verdict(const MemoryPlan& plan) {
  std::size_t tensors = 0;
  for (const runtime::PlanWindow& window : plan.windows) tensors += window.tensors;
  const std::size_t spared = plan.bound_without_windows - plan.lower_bound;
  return std::to_string(tensors) + " tensors lie inside others, not copied, " +
         (spared == 0 ? "at no cost" : human_bytes(spared) + " less at the peak");
}

// What each node with windows saves, the most first. Nothing where there are none.
std::string window_lines(const MemoryPlan& plan) {
  constexpr std::size_t kShown = 6;
  if (plan.windows.empty()) return "";
  std::vector<const runtime::PlanWindow*> windows;
  for (const runtime::PlanWindow& window : plan.windows) windows.push_back(&window);
  std::stable_sort(windows.begin(), windows.end(),
                   [](const auto* a, const auto* b) { return a->saved_bytes > b->saved_bytes; });
  std::string text = row("windows", windows_verdict(plan));
  for (std::size_t i = 0; i < windows.size() && i < kShown; ++i) {
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%12s", human_bytes(windows[i]->saved_bytes).c_str());
    text += row("", size.data() + std::string("  at ") + windows[i]->op + " '" + windows[i]->name +
                        "': " + std::to_string(windows[i]->tensors) + " tensors inside, " +
                        std::to_string(windows[i]->copied_tensors) + " copied");
  }
  if (windows.size() > kShown) {
    text += row("", "             and " + std::to_string(windows.size() - kShown) + " more");
  }
  return text;
}

std::string fallback_lines(const MemoryPlan& plan) {
  std::string text;
  for (const runtime::PlanStep& step : plan.steps) {
    if (!step.on_cpu) continue;
    text += row(text.empty() ? "on the CPU" : "",
                step.op + " '" + step.name + "', copies " + human_bytes(step.copied_bytes));
  }
  if (text.empty()) return text;
  return text +
         row("", "the host holds " + human_bytes(plan.fallback_bytes) + " for each context and " +
                     human_bytes(plan.fallback_weights_bytes) + " of their weights");
}

// What an engine takes besides its arena.
std::string pools_text(const MemoryPlan& plan) {
  const std::size_t weights = plan.weights_bytes + plan.fallback_weights_bytes;
  if (plan.weights_for.empty()) return row("weights", both(weights) + ", not packed");
  return row("weights", both(weights) + ", packed for " + plan.weights_for) +
         row("staging", both(plan.staging_bytes)) +
         row("building", "at most " + both(plan.build_bytes) + " more for a while") +
         row("total", "at most " + both(plan.total_bytes()));
}

}  // namespace

std::string human_bytes(std::size_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto scaled = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 1023.5 would be rounded to a fourth digit.
  while (scaled >= 1023.5) {
    scaled /= 1024.0;
    ++unit;
  }
  const int decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, scaled, kUnits[unit]);
  return text.data();
}

std::string plan_to_text(const MemoryPlan& plan) {
  if (!plan.status.ok()) return row("no plan", plan.status.to_string());
  return row("arena", both(plan.total_memory)) + pools_text(plan) +
         row("unshared", both(plan.original_memory)) +
         row("saving", percent(runtime::saving_ratio(plan))) +
         row("lower bound", both(plan.lower_bound)) + row("offsets", offsets_verdict(plan)) +
         row("order", order_verdict(plan)) + row("peak", name_step(plan, plan.peak_step)) +
         live_tensors(plan) + window_lines(plan) + fallback_lines(plan) +
         row("hash", plan.plan_hash);
}

std::string steps_to_text(const MemoryPlan& plan) {
  std::size_t width = std::string_view("kernel").size();
  for (const runtime::PlanStep& step : plan.steps) width = std::max(width, step.kernel.size());
  const auto padded = [width](const std::string& text) {
    return text + std::string(width - text.size() + 2, ' ');
  };
  std::string text =
      " step       alive        hole       takes       wants  " + padded("kernel") + "node\n";
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const runtime::PlanStep& step = plan.steps[i];
    std::array<char, 96> line{};
    std::snprintf(line.data(), line.size(), "%5zu %11s %11s %11s %11s  ", i,
                  human_bytes(step.live_bytes).c_str(), human_bytes(step.hole_bytes).c_str(),
                  human_bytes(step.workspace_taken).c_str(),
                  human_bytes(step.workspace_wanted).c_str());
    text += line.data() + padded(step.kernel) + step.op + " '" + step.name + "'\n";
  }
  return text;
}

}  // namespace mini_infer::report
