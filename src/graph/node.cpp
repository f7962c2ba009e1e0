#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {

std::int64_t Node::get_int(std::string_view key, std::int64_t fallback) const {
  const auto* found = find<std::int64_t>(key);
  return found ? *found : fallback;
}

float Node::get_float(std::string_view key, float fallback) const {
  const auto* found = find<float>(key);
  return found ? *found : fallback;
}

std::string Node::get_string(std::string_view key, std::string_view fallback) const {
  const auto* found = find<std::string>(key);
  return found ? *found : std::string(fallback);
}

std::vector<std::int64_t> Node::get_ints(std::string_view key,
                                         std::vector<std::int64_t> fallback) const {
  const auto* found = find<std::vector<std::int64_t>>(key);
  return found ? *found : fallback;
}

std::vector<float> Node::get_floats(std::string_view key, std::vector<float> fallback) const {
  const auto* found = find<std::vector<float>>(key);
  return found ? *found : fallback;
}

std::string describe(const Node& node) {
  const std::string prefix = node.domain.empty() ? "" : node.domain + ".";
  return prefix + node.op + " '" + node.name + "' (opset " + std::to_string(node.opset) + ")";
}

}  // namespace mini_infer::graph
