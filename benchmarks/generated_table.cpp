// Plans of graphs made by rule, as hard and as large as one likes.
//   generated_table [SEEDS [BLOCKS]]
// Random-wired networks (Xie et al., "Exploring randomly wired neural networks for image
// recognition", 2019, section 3: Erdos-Renyi, Barabasi-Albert and Watts-Strogatz, 32 nodes a stage,
// 224 x 224; here sums have no weights), of one and three stages, for seeds 1 to SEEDS; and a
// transformer of BLOCKS blocks, written as exporters do. Prints a Markdown table: R1 is the arena
// over the bound of its order, R2 over that of all orders.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "mini_infer/mini_infer.h"

namespace {

using namespace mini_infer;
using graph::ValueId;

class Writer {
 public:
  ValueId input(const std::string& name, const core::Shape& shape) {
    graph::Value value;
    value.name = name;
    value.type = core::DataType::kFloat32;
    value.shape = shape;
    graph_.inputs.push_back(graph_.add_value(value));
    return graph_.inputs.back();
  }
  ValueId weights(const core::Shape& shape) {
    core::Tensor tensor = core::Tensor::allocate(core::DataType::kFloat32, shape).value();
    const auto bytes = tensor.mutable_bytes();
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    return graph_.add_constant(name("weights"), tensor);
  }
  ValueId shape(const std::vector<std::int64_t>& extents) {
    return graph_.add_constant(
        name("shape"),
        core::Tensor::from<std::int64_t>(core::DataType::kInt64,
                                         {static_cast<std::int64_t>(extents.size())}, extents));
  }
  using Attributes = std::map<std::string, graph::Attribute, std::less<>>;
  ValueId op(const std::string& type, std::vector<ValueId> inputs, Attributes attributes = {}) {
    graph::Value made;
    made.name = name(type);
    graph::Node node;
    node.name = made.name;
    node.op = type;
    node.opset = 17;
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
    node.outputs = {graph_.add_value(std::move(made))};
    const ValueId output = node.outputs.front();
    graph_.add_node(std::move(node));
    return output;
  }
  graph::Graph& take(ValueId output) {
    graph_.outputs = {output};
    return graph_;
  }

 private:
  std::string name(const std::string& of) { return of + "_" + std::to_string(++count_); }

  graph::Graph graph_;
  int count_ = 0;
};

// --- Random-wired networks ---

constexpr int kNodes = 32;
// By node, those before it that it reads.
using Wiring = std::vector<std::set<int>>;

Wiring erdos_renyi(std::mt19937& random) {
  Wiring wiring(kNodes);
  for (int to = 1; to < kNodes; ++to) {
    for (int from = 0; from < to; ++from) {
      if (random() % 100 < 20) wiring[to].insert(from);
    }
  }
  return wiring;
}

Wiring barabasi_albert(std::mt19937& random) {
  constexpr int kEdges = 5;
  Wiring wiring(kNodes);
  std::vector<int> ends;  // every node as often as it has edges
  for (int to = kEdges; to < kNodes; ++to) {
    while (static_cast<int>(wiring[to].size()) < kEdges) {
      const int pick =
          ends.empty() ? static_cast<int>(wiring[to].size()) : ends[random() % ends.size()];
      wiring[to].insert(pick);
    }
    for (const int from : wiring[to]) ends.insert(ends.end(), {from, to});
  }
  return wiring;
}

Wiring watts_strogatz(std::mt19937& random) {
  constexpr int kNeighbours = 4;
  Wiring wiring(kNodes);
  for (int node = 0; node < kNodes; ++node) {
    for (int step = 1; step <= kNeighbours / 2; ++step) {
      int other = (node + step) % kNodes;
      if (random() % 100 < 75) other = static_cast<int>(random() % kNodes);
      if (other == node) continue;
      wiring[std::max(node, other)].insert(std::min(node, other));
    }
  }
  return wiring;
}

ValueId separable(Writer& w, ValueId x, std::int64_t from, std::int64_t to, std::int64_t stride) {
  const ValueId deep = w.op("Conv", {w.op("Relu", {x}), w.weights({from, 1, 3, 3})},
                            {{"group", from},
                             {"pads", std::vector<std::int64_t>(4, 1)},
                             {"strides", std::vector<std::int64_t>(2, stride)}});
  return w.op("Conv", {deep, w.weights({to, from, 1, 1}), w.weights({to})});
}

// Nodes without a reader are averaged; those without an input read the stage's.
ValueId stage(Writer& w, ValueId x, const Wiring& wiring, std::int64_t from, std::int64_t to) {
  std::vector<ValueId> values;
  std::set<int> unread;
  for (int node = 0; node < kNodes; ++node) {
    std::vector<ValueId> inputs;
    for (const int input : wiring[node]) {
      inputs.push_back(values[input]);
      unread.erase(input);
    }
    values.push_back(inputs.empty() ? separable(w, x, from, to, 2)
                                    : separable(w, w.op("Sum", inputs), to, to, 1));
    unread.insert(node);
  }
  std::vector<ValueId> ends;
  for (const int node : unread) ends.push_back(values[node]);
  return w.op("Mean", ends);
}

graph::Graph random_wired(Wiring (*wire)(std::mt19937&), std::uint32_t seed, int stages) {
  std::mt19937 random(seed);
  Writer w;
  ValueId x = w.input("image", {1, 3, 224, 224});
  x = w.op(
      "Conv", {x, w.weights({39, 3, 3, 3})},
      {{"pads", std::vector<std::int64_t>(4, 1)}, {"strides", std::vector<std::int64_t>(2, 2)}});
  std::int64_t channels = 39;
  for (std::int64_t next = 78; stages > 0; --stages, next *= 2) {
    x = stage(w, x, wire(random), channels, next);
    channels = next;
  }
  return w.take(w.op("GlobalAveragePool", {x}));
}

// --- Transformers ---

ValueId projected(Writer& w, ValueId x, std::int64_t from, std::int64_t to) {
  return w.op("Add", {w.op("MatMul", {x, w.weights({from, to})}), w.weights({to})});
}

graph::Graph transformer(int blocks) {
  constexpr std::int64_t kTokens = 64, kWidth = 64, kHeads = 4, kSize = kWidth / kHeads;
  const std::vector<std::int64_t> heads = {0, 2, 1, 3}, transposed = {0, 2, 3, 1};
  Writer w;
  ValueId x = w.input("tokens", {1, kTokens, kWidth});
  for (int block = 0; block < blocks; ++block) {
    const auto head = [&](const std::vector<std::int64_t>& order) {
      const ValueId split =
          w.op("Reshape", {projected(w, x, kWidth, kWidth), w.shape({1, kTokens, kHeads, kSize})});
      return w.op("Transpose", {split}, {{"perm", order}});
    };
    const ValueId query = head(heads), key = head(transposed), value = head(heads);
    const ValueId scores = w.op("Div", {w.op("MatMul", {query, key}), w.weights({})});
    const ValueId mixed =
        w.op("MatMul", {w.op("Softmax", {scores}, {{"axis", std::int64_t{-1}}}), value});
    const ValueId joined = w.op(
        "Reshape", {w.op("Transpose", {mixed}, {{"perm", heads}}), w.shape({1, kTokens, kWidth})});
    x = w.op("LayerNormalization",
             {w.op("Add", {x, projected(w, joined, kWidth, kWidth)}), w.weights({kWidth})});
    const ValueId wide = w.op("Relu", {projected(w, x, kWidth, 4 * kWidth)});
    x = w.op("LayerNormalization",
             {w.op("Add", {x, projected(w, wide, 4 * kWidth, kWidth)}), w.weights({kWidth})});
  }
  return w.take(x);
}

bool print_row(const std::string& title, graph::Graph graph, bool optimise) {
  runtime::PlanningOptions options;
  if (!optimise) options.passes.emplace();
  const runtime::MemoryPlan plan = runtime::MemoryPlanner(options).plan(&graph);
  if (!plan.status.ok()) {
    std::fprintf(stderr, "%s: %s\n", title.c_str(), plan.status.to_string().c_str());
    return false;
  }
  const auto over = [&](std::size_t bound) {
    return static_cast<double>(plan.total_memory) / static_cast<double>(bound);
  };
  std::printf("| %s%s | %zu | %.3f | %.4f | %.4f | %s | %s | %.1f |\n", title.c_str(),
              optimise ? "" : ", no passes", plan.steps.size(),
              static_cast<double>(plan.total_memory) / (1024.0 * 1024.0), over(plan.lower_bound),
              over(plan.order_bound), plan.proven_offsets() ? "proven" : "open",
              plan.proven_order() ? "proven" : "open", plan.planning_milliseconds);
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 3;
  const int blocks = argc > 2 ? std::atoi(argv[2]) : 320;
  struct Kind {
    const char* name;
    Wiring (*wire)(std::mt19937&);
  };
  constexpr Kind kKinds[] = {
      {"ER(0.2)", erdos_renyi}, {"BA(5)", barabasi_albert}, {"WS(4, 0.75)", watts_strogatz}};
  std::printf(
      "| graph | steps | arena MiB | R1 | R2 | offsets | order | planning ms |\n"
      "|---|---|---|---|---|---|---|---|\n");
  bool ok = true;
  for (const Kind& kind : kKinds) {
    for (int seed = 1; seed <= seeds; ++seed) {
      for (const int stages : {1, 3}) {
        const std::string title = std::string(kind.name) + ", " + std::to_string(stages) +
                                  (stages == 1 ? " stage" : " stages") + ", seed " +
                                  std::to_string(seed);
        const graph::Graph graph =
            random_wired(kind.wire, static_cast<std::uint32_t>(seed), stages);
        ok &= print_row(title, graph, true) && print_row(title, graph, false);
      }
    }
  }
  const graph::Graph deep = transformer(blocks);
  const std::string title = "transformer of " + std::to_string(blocks) + " blocks";
  ok &= print_row(title, deep, true) && print_row(title, deep, false);
  return ok ? 0 : 1;
}
