#include "cli/profile.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

namespace mini_infer::cli {
namespace {

using runtime::StepTime;

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double total(const std::vector<StepTime>& steps) {
  double sum = 0;
  for (const StepTime& step : steps) sum += milliseconds(step.total);
  return sum;
}

double share(const StepTime& step, double all) {
  return all > 0 ? milliseconds(step.total) / all : 0;
}

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width - text.size() + 2, ' ');
}

}  // namespace

std::string profile_text(const std::vector<StepTime>& steps, int runs) {
  const double all = total(steps);
  std::size_t op_width = std::string_view("operator").size();
  std::size_t kernel_width = std::string_view("kernel").size();
  for (const StepTime& step : steps) {
    op_width = std::max(op_width, step.op.size());
    kernel_width = std::max(kernel_width, step.kernel.size());
  }
  std::string text = " step    ms/run       %  " + padded("operator", op_width) +
                     padded("kernel", kernel_width) + "node\n";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::array<char, 64> line{};
    std::snprintf(line.data(), line.size(), "%5zu %9.4f  %6.2f  ", i,
                  milliseconds(steps[i].total) / runs, 100 * share(steps[i], all));
    text += line.data() + padded(steps[i].op, op_width) + padded(steps[i].kernel, kernel_width) +
            std::string(steps[i].node) + "\n";
  }
  return text;
}

report::Json profile_json(const std::vector<StepTime>& steps, int runs) {
  const double all = total(steps);
  report::Json list = report::Json::array();
  for (const StepTime& step : steps) {
    report::Json json = report::Json::object();
    json.set("node", step.node)
        .set("op", step.op)
        .set("milliseconds", milliseconds(step.total) / runs)
        .set("share", share(step, all));
    if (!step.kernel.empty()) json.set("kernel", step.kernel);
    list.add(std::move(json));
  }
  return list;
}

}  // namespace mini_infer::cli
