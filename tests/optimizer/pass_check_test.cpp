#include "optimizer/check/pass_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "optimizer/attention/attention_graphs.h"
#include "optimizer/optimized.h"
#include "optimizer/passes.h"

namespace mini_infer::test {
namespace {

using core::Status;
using graph::Graph;
using graph::Node;
using graph::ValueId;
using optimizer::InputKind;
using optimizer::Pass;
using ::testing::HasSubstr;

// A pass and its broken twin, which is the same pass and then the damage, on a graph that the pass
// changes.
struct Twin {
  Status (*original)(Graph&);
  Graph (*example)();
  std::vector<std::string> before;  // passes that run first
  void (*damage)(Graph&);
};

Node& first(Graph& graph, std::string_view op) {
  for (graph::NodeId id = 0; id < static_cast<graph::NodeId>(graph.nodes().size()); ++id) {
    if (graph.node(id).op == op) return graph.node(id);
  }
  throw std::logic_error("the pass has made no " + std::string(op));
}

// As by a pass that computes new constants and gets them wrong.
void zero_constants(Graph& graph) {
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id) {
    auto& constant = graph.value(id).constant;
    if (constant && core::is_floating(constant->type())) {
      constant = core::Tensor::allocate(constant->type(), constant->shape()).value();
    }
  }
}

Graph folded_sum() {
  Builder b;
  auto x = b.input("x", {2, 3});
  b.output(b.mul("y", x, b.add("sum", b.scalar("two", 2), b.scalar("three", 3))));
  return b.graph();
}

Graph with_a_dead_node() {
  Builder b;
  auto x = b.input("x", {2, 3});
  b.node("Neg", "unread", {x});
  b.output(b.add("y", b.relu("a", x), b.node("Abs", "b", {x})));
  return b.graph();
}

Graph with_an_identity() {
  Builder b;
  auto x = b.input("x", {2, 3});
  auto same = b.node("Identity", "same", {x});
  b.output(b.relu("y", b.node("Neg", "turned", {same})));
  return b.graph();
}

Graph padded_conv() {
  Builder b;
  auto x = b.input("x", {1, 3, 6, 6});
  auto pads = b.constant("pads", int64s({0, 0, 1, 1, 0, 0, 1, 1}));
  b.output(b.conv("y", b.node("Pad", "padded", {x, pads}), {4, 3, 3, 3},
                  {{"pads", std::vector<std::int64_t>{0, 0, 0, 0}}}));
  return b.graph();
}

Graph written_gelu() {
  Builder b;
  auto x = b.input("x", {4, 8});
  auto erf = b.node("Erf", "erf", {b.node("Div", "d", {x, b.scalar("root", 1.41421356f)})});
  auto half = b.mul("half", x, b.add("one_plus", erf, b.scalar("one", 1)));
  b.output(b.mul("y", half, b.scalar("c", 0.5f)));
  return b.graph();
}

Graph written_layer_norm() {
  Builder b;
  auto x = b.input("x", {2, 3, 8});
  const Builder::Attributes last = {{"axes", std::vector<std::int64_t>{-1}}};
  auto centred = b.node("Sub", "d", {x, b.node("ReduceMean", "mean", {x}, last)});
  auto squares = b.node("Pow", "squares", {centred, b.scalar("two", 2)});
  auto variance = b.node("ReduceMean", "variance", {squares}, last);
  auto root = b.node("Sqrt", "root", {b.add("stable", variance, b.scalar("epsilon", 1e-5f))});
  auto scaled = b.mul("scaled", b.node("Div", "q", {centred, root}), b.weights("gamma", {8}));
  b.output(b.add("y", scaled, b.weights("beta", {8})));
  return b.graph();
}

Graph conv_and_batch_norm() {
  Builder b;
  b.output(b.batch_norm("y", b.conv("c", b.input("x", {1, 3, 6, 6}), {4, 3, 3, 3}), 4));
  return b.graph();
}

Graph written_rotary() {
  Attended b;
  auto slice = [&](const std::string& name, ValueId from, std::int64_t begin, std::int64_t end) {
    return b.node(
        "Slice", name,
        {from, b.constant(name + "_from", int64s({begin})), b.constant(name + "_to", int64s({end})),
         b.constant(name + "_axis", int64s({-1})), b.constant(name + "_step", int64s({1}))});
  };
  // Both elements of a pair have one angle.
  auto table = [&](const std::string& name, float from) {
    std::vector<float> values;
    for (int i = 0; i < 12; ++i) {
      values.push_back(from + 0.1f * static_cast<float>(i / 4) + 0.3f * static_cast<float>(i % 2));
    }
    return b.constant(name, floats({3, 4}, values));
  };
  auto heads = b.split_heads("heads", b.x);
  auto second = b.node("Neg", "neg", {slice("hi", heads, 2, INT64_MAX)});
  auto turned =
      b.node("Concat", "turned", {second, slice("lo", heads, 0, 2)}, {{"axis", std::int64_t{-1}}});
  b.output(b.add("y", b.mul("c", heads, table("cosines", 0.1f)),
                 b.mul("s", turned, table("sines", -0.7f))));
  return b.graph();
}

Graph written_attention() {
  Attended b;
  auto q = b.projected("q", {0, 2, 1, 3});
  auto k = b.projected("k", {0, 2, 3, 1});
  auto weights = b.softmax(b.divided("scaled", b.matmul("product", q, k), 2));
  b.output(b.merge_heads("y", b.matmul("context", weights, b.projected("v", {0, 2, 1, 3}))));
  return b.graph();
}

Graph product_of_a_transpose() {
  Builder b;
  auto w = b.transpose("t", b.input("w", {4, 4}), {1, 0});
  b.output(b.node("Gemm", "y", {b.input("x", {3, 4}), w}));
  return b.graph();
}

Graph product_and_relu() {
  Builder b;
  auto product = b.node("MatMul", "p", {b.input("x", {2, 4}), b.weights("w", {4, 3})});
  b.output(b.relu("y", b.add("sum", product, b.weights("bias", {3}))));
  return b.graph();
}

Graph normalised_sum() {
  Builder b;
  auto sum = b.add("sum", b.input("x", {2, 3, 8}), b.input("z", {2, 3, 8}));
  b.output(b.node("LayerNormalization", "y", {sum, b.weights("gamma", {8})}));
  return b.graph();
}

Graph gated_image() {
  Builder b;
  b.output(b.relu("y", b.mul("m", b.input("x", {2, 4, 5, 6}), b.input("gate", {2, 4, 1, 1}))));
  return b.graph();
}

Graph two_convs() {
  Builder b;
  b.output(b.conv("y", b.conv("c", b.input("x", {1, 8, 6, 6}), {8, 8, 3, 3}), {8, 8, 3, 3}));
  return b.graph();
}

Graph two_layers() {
  Builder b;
  auto product = b.node("MatMul", "product", {b.input("x", {2, 4}), b.weights("w", {4, 3})});
  b.output(b.relu("y", product));
  return b.graph();
}

const std::vector<Twin> kTwins = {
    {optimizer::fold_constants, folded_sum, {}, zero_constants},
    {optimizer::drop_dead,
     with_a_dead_node,
     {},
     [](Graph& g) { first(g, "Add").inputs[1] = first(g, "Add").inputs[0]; }},
    // A node that does change something is bypassed.
    {optimizer::remove_identity,
     with_an_identity,
     {},
     [](Graph& g) { first(g, "Relu").inputs[0] = g.inputs[0]; }},
    {optimizer::merge_pad,
     padded_conv,
     {},
     [](Graph& g) {
       first(g, "Conv").attributes["pads"] = std::vector<std::int64_t>{2, 2, 0, 0};
     }},
    {optimizer::fuse_activation,
     written_gelu,
     {},
     [](Graph& g) { first(g, "Gelu").attributes["approximate"] = std::string("tanh"); }},
    {optimizer::fuse_normalization,
     written_layer_norm,
     {},
     [](Graph& g) { first(g, "LayerNormalization").attributes["epsilon"] = 0.01f; }},
    {optimizer::fold_batch_norm, conv_and_batch_norm, {}, zero_constants},
    {optimizer::fuse_rotary,
     written_rotary,
     {"remove-identity"},
     [](Graph& g) {
       auto& inputs = first(g, "RotaryEmbedding").inputs;
       std::swap(inputs[1], inputs[2]);
     }},
    {optimizer::fuse_attention,
     written_attention,
     {"remove-identity"},
     [](Graph& g) { first(g, "Attention").attributes["scale"] = 1.0f; }},
    {optimizer::absorb_transposes,
     product_of_a_transpose,
     {},
     [](Graph& g) { first(g, "Gemm").attributes["transB"] = std::int64_t{0}; }},
    {optimizer::fuse_epilogue,
     product_and_relu,
     {},
     [](Graph& g) { first(g, "MatMul").attributes.clear(); }},
    {optimizer::pack_projections,
     written_attention,
     {"remove-identity", "fuse-attention", "fuse-epilogue"},
     [](Graph& g) {
       auto& attributes = first(g, "Attention").attributes;
       std::swap(attributes["query"], attributes["value"]);
     }},
    {optimizer::fuse_residual,
     normalised_sum,
     {},
     [](Graph& g) {
       auto& inputs = first(g, "LayerNormalization").inputs;
       inputs.back() = inputs[0];
     }},
    {optimizer::fuse_scale,
     gated_image,
     {},
     [](Graph& g) { first(g, "Scale").attributes.clear(); }},
    {optimizer::choose_layout,
     two_convs,
     {},
     [](Graph& g) {
       first(g, "Transpose").attributes["perm"] = std::vector<std::int64_t>{0, 3, 2, 1};
     }},
    {optimizer::to_float16, two_layers, {}, zero_constants},
    {optimizer::to_bfloat16, two_layers, {}, zero_constants},
};

const Twin* twin_of(const Pass& pass) {
  for (const Twin& twin : kTwins) {
    if (twin.original == pass.run) return &twin;
  }
  return nullptr;
}

Graph prepared(const Twin& twin) {
  Graph graph = twin.example();
  if (twin.before.empty()) {
    EXPECT_TRUE(ops::infer(graph, cpu::evaluate).ok());
    return graph;
  }
  const auto reports =
      optimizer::optimize(graph, {.passes = twin.before, .after_pass = {}}, cpu::evaluate);
  EXPECT_TRUE(reports.ok()) << reports.status().to_string();
  return graph;
}

const ops::Evaluator kEvaluate = cpu::evaluate;

TEST(PassCheck, EveryPassHasABrokenTwinThatIsCaught) {
  for (const Pass& pass : optimizer::all_passes()) {
    SCOPED_TRACE(std::string(pass.info.name) + ": " + std::string(pass.info.summary));
    const Twin* twin = twin_of(pass);
    ASSERT_NE(twin, nullptr) << "the pass has no broken twin here";
    const Graph before = prepared(*twin);
    Graph graph = before;
    auto check = optimizer::PassCheck::begin(before, kEvaluate);
    ASSERT_TRUE(check.ok()) << check.status().to_string();
    ASSERT_TRUE(optimizer::run_pass(pass, graph, kEvaluate).ok());
    ASSERT_NE(graph.to_text(), before.to_text()) << "the pass changes nothing here";
    const Status sound = check->after(pass, graph);
    EXPECT_TRUE(sound.ok()) << sound.to_string();

    twin->damage(graph);
    ASSERT_TRUE(ops::infer(graph, kEvaluate).ok()) << graph.to_text();
    const Status broken = check->after(pass, graph);
    EXPECT_EQ(broken.code(), Status::ERROR_INTERNAL) << graph.to_text();
    EXPECT_THAT(broken.message(), HasSubstr("'" + std::string(pass.info.name) + "'"));
    EXPECT_THAT(broken.message(), HasSubstr("output 'y'"));
    EXPECT_THAT(broken.message(), HasSubstr("element "));
  }
}

Builder masked_softmax(core::DataType type) {
  Builder b;
  auto scores = b.input("scores", {3, 4});
  auto mask = b.input("mask", {3, 4}, type);
  auto masked = type == core::DataType::kBool
                    ? b.node("Where", "masked", {mask, scores, b.scalar("hidden", -INFINITY)})
                    : b.add("masked", scores, mask);
  b.output(b.node("Softmax", "y", {masked}));
  EXPECT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  return b;
}

TEST(PassCheck, MasksHideWholeRowsWhereASoftmaxReadsThem) {
  for (const auto type : {core::DataType::kFloat32, core::DataType::kBool}) {
    Builder b = masked_softmax(type);
    EXPECT_EQ(optimizer::input_kinds(b.graph()).size(), 7u);
    const auto inputs = optimizer::test_inputs(b.graph(), InputKind::kHidden);
    ASSERT_TRUE(inputs.ok());
    const auto computed = optimizer::compute(b.graph(), *inputs, kEvaluate);
    ASSERT_TRUE(computed.ok()) << computed.status().to_string();
    EXPECT_TRUE(std::isnan(computed->outputs[0].as<float>()[0]));
  }
}

TEST(PassCheck, IndicesAreWhatTheirReadersAccept) {
  Builder b;
  auto ids = b.input("ids", {64}, core::DataType::kInt64);
  b.output(b.node("Gather", "y", {b.weights("table", {5, 2}), ids}));
  ASSERT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  const auto inputs = optimizer::test_inputs(b.graph(), InputKind::kOrdinary);
  ASSERT_TRUE(inputs.ok());
  const auto values = (*inputs)[0].as<std::int64_t>();
  EXPECT_EQ(*std::ranges::min_element(values), 0);
  EXPECT_EQ(*std::ranges::max_element(values), 4);
}

// A graph that the check cannot compute says nothing about the pass.
TEST(PassCheck, APassWhoseGraphHasNoKernelIsNotCalledBroken) {
  Builder b;
  b.output(b.conv("y", b.input("x", {1, 3, 6, 6}), {4, 3, 3, 3}));
  // The CPU has no convolution of 16 bits with channels last.
  const auto reports = optimizer::optimize(b.graph(),
                                           {.passes = {{"layout"}},
                                            .precision = core::Precision::kFloat16,
                                            .check_passes = true,
                                            .after_pass = {}},
                                           kEvaluate);
  EXPECT_EQ(reports.status().code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(reports.status().message(), HasSubstr("after the pass 'precision'"));
}

TEST(PassCheck, AnInputWithoutNumbersToTryIsAnError) {
  Builder b;
  b.output(b.node("Identity", "y", {b.input("x", {4}, core::DataType::kFloat8E5M2)}));
  ASSERT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  const auto check = optimizer::PassCheck::begin(b.graph(), kEvaluate);
  EXPECT_EQ(check.status().code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(check.status().message(), HasSubstr("'x'"));
}

}  // namespace
}  // namespace mini_infer::test
