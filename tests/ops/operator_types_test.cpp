#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "ops/cuda_case.h"
#include "ops/every_type.h"
#include "ops/op_def.h"

// Which operators of the standard are served in which float types, on which backend: each one with
// small inputs, in float32, float16 and bfloat16. What they compute is the other suites' to see.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

constexpr DataType kTypes[] = {DataType::kFloat32, DataType::kFloat16, DataType::kBFloat16};

struct Sample {
  std::vector<Tensor> inputs;
  Attributes attributes = {};
  int outputs = 1;
};
using Samples = std::map<std::string, Sample, std::less<>>;

void add_products(Samples& samples) {
  const Tensor image = ramp({1, 4, 5, 5}, 0.01f);
  const Tensor matrix = ramp({3, 4}, 0.1f);
  samples["Conv"] = {{image, ramp({8, 4, 3, 3}, 0.01f), ramp({8})}};
  samples["ConvTranspose"] = {{image, ramp({4, 2, 3, 3}, 0.01f), ramp({2})}};
  samples["Gemm"] = {{matrix, ramp({4, 2}), ramp({2})}};
  samples["MatMul"] = {{matrix, ramp({4, 2})}};
  samples["Einsum"] = {{matrix, ramp({4, 2})}, {{"equation", "ij,jk->ik"}}};
  const Tensor heads = ramp({1, 2, 3, 8}, 0.01f);
  samples["Attention"] = {{heads, heads, heads}};
}

void add_poolings(Samples& samples) {
  const Tensor image = ramp({1, 4, 5, 5}, 0.01f);
  const Attributes window = {{"kernel_shape", std::vector<std::int64_t>{2, 2}}};
  for (const char* op : {"AveragePool", "LpPool", "MaxPool"}) samples[op] = {{image}, window};
  for (const char* op : {"GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"}) {
    samples[op] = {{image}};
  }
}

void add_normalizations(Samples& samples) {
  const Tensor image = ramp({2, 4, 3, 3}, 0.1f);
  const Tensor ones = floats({4}, {1, 1, 1, 1});
  samples["BatchNormalization"] = {{image, ones, ones, ones, ones}};
  samples["InstanceNormalization"] = {{image, ones, ones}};
  samples["GroupNormalization"] = {{image, ones, ones}, {{"num_groups", std::int64_t{2}}}};
  samples["LRN"] = {{image}, {{"size", std::int64_t{3}}}};
  samples["LayerNormalization"] = {{ramp({3, 4}), ones, ones}};
  samples["RMSNormalization"] = {{ramp({3, 4}), ones}};
}

void add_movement(Samples& samples) {
  const Tensor matrix = ramp({2, 4});
  samples["Concat"] = {{matrix, matrix}, {{"axis", std::int64_t{1}}}};
  samples["Split"] = {{matrix}, {{"axis", std::int64_t{1}}, {"num_outputs", std::int64_t{2}}}, 2};
  samples["Slice"] = {{matrix, int64s({1}, {0}), int64s({1}, {1})}};
  samples["Expand"] = {{matrix, int64s({3}, {2, 2, 4})}};
  samples["Tile"] = {{matrix, int64s({2}, {2, 1})}};
  samples["Pad"] = {{matrix, int64s({4}, {1, 0, 0, 1})}};
  samples["Reshape"] = {{matrix, int64s({1}, {8})}};
  samples["Squeeze"] = {{ramp({1, 4}), int64s({1}, {0})}};
  samples["Unsqueeze"] = {{matrix, int64s({1}, {0})}};
  samples["Trilu"] = {{matrix}};
  samples["EyeLike"] = {{matrix}};
  const Tensor angles = ramp({1, 3, 4}, 0.1f);  // by batch and token
  samples["RotaryEmbedding"] = {{ramp({1, 2, 3, 8}, 0.01f), angles, angles}};
}

void add_indexing(Samples& samples) {
  const Tensor matrix = ramp({2, 4});
  samples["Gather"] = {{matrix, int64s({1}, {1})}};
  samples["GatherElements"] = {{matrix, int64s({1, 4}, {0, 1, 0, 1})}};
  samples["ScatterND"] = {{matrix, int64s({1, 1}, {1}), ramp({1, 4})}};
  samples["OneHot"] = {{int64s({2}, {0, 2}), int64s({}, {3}), floats({2}, {0, 1})}};
  samples["CumSum"] = {{matrix, int64s({}, {1})}};
  samples["Range"] = {{floats({}, {0}), floats({}, {4}), floats({}, {1})}};
  samples["Where"] = {{bools({2, 4}, std::vector<bool>(8, true)), matrix, matrix}};
  samples["CastLike"] = {{int64s({2}, {0, 2}), ramp({1})}};
}

void add_elementwise(Samples& samples) {
  const Tensor matrix = ramp({2, 4}, 0.1f, 0.1f);
  for (const char* op : {"Add", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual",
                         "Max", "Mean", "Min", "Mul", "PRelu", "Pow", "Sub", "Sum"}) {
    samples[op] = {{matrix, ramp({4}, 0.5f, 1.0f)}};
  }
  samples["Mod"] = {{matrix, ramp({4}, 0.5f, 1.0f)}, {{"fmod", std::int64_t{1}}}};
}

// Every other operator takes one tensor and nothing else.
Sample sample_of(const std::string& op) {
  static const Samples samples = [] {
    Samples all;
    add_products(all);
    add_poolings(all);
    add_normalizations(all);
    add_movement(all);
    add_indexing(all);
    add_elementwise(all);
    return all;
  }();
  const auto at = samples.find(op);
  return at == samples.end() ? Sample{{ramp({2, 4}, 0.1f, 0.1f)}} : at->second;
}

// By the standard none of these takes or gives a float of these types.
bool has_no_floats(std::string_view op) {
  constexpr std::string_view kNone[] = {
      "And", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Not", "Or", "Xor"};
  return std::ranges::find(kNone, op) != std::end(kNone);
}

OpCase case_of(const std::string& op, DataType type) {
  const Sample sample = sample_of(op);
  OpCase made{.op = op,
              .opset = 24,
              .attributes = sample.attributes,
              .inputs = sample.inputs,
              .outputs = sample.outputs};
  for (Tensor& input : made.inputs) {
    if (type == DataType::kFloat32 || !input.defined()) continue;
    if (input.type() == DataType::kFloat32) input = in_16_bits(input, type);
  }
  const auto code = static_cast<std::int64_t>(type);
  if (op == "Cast") made.attributes["to"] = code;
  if (op == "EyeLike") made.attributes["dtype"] = code;
  if (op == "ConstantOfShape") {
    made.inputs = {int64s({1}, {3})};
    const Tensor one = floats({1}, {1});
    made.attributes["value"] = type == DataType::kFloat32 ? one : in_16_bits(one, type);
  }
  return made;
}

struct Tally {
  int operators = 0;
  int served = 0;
  std::string missing;

  void count(const std::string& what, const Status& status) {
    ++served;
    if (status.ok()) return;
    --served;
    missing += "\n  " + what + ": " + status.to_string();
  }
};

TEST(OperatorTypes, EveryOperatorIsServedInEveryFloatOnEveryBackend) {
  Tally tally;
  for (const ops::OpDef* def : ops::all_operators()) {
    if (!def->domain.empty() || has_no_floats(def->type)) continue;
    ++tally.operators;
    const std::string op(def->type);
    for (const DataType type : kTypes) {
      const std::string what = op + " " + core::type_name(type);
      const OpCase made = case_of(op, type);
      tally.count(what + " on the CPU", run(made).status());
      if (const auto on_cuda = run_on_cuda(made)) {
        tally.count(what + " on CUDA", on_cuda->status());
      }
    }
  }
  std::printf("%d operators in float32, float16 and bfloat16: %d served; missing:%s\n",
              tally.operators, tally.served,
              tally.missing.empty() ? " none" : tally.missing.c_str());
  EXPECT_EQ(tally.missing, "");
}

}  // namespace
}  // namespace mini_infer::test
