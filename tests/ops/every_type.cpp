#include "ops/every_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/try.h"
#include "cpu/backend.h"
#include "cpu/evaluator.h"
#include "ops/cuda_case.h"
#include "ops/float16.h"
#include "ops/infer.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::InstructionSet;
using core::Tensor;
using Outputs = std::vector<Tensor>;

constexpr const char* kServed[] = {
    "Abs",
    "Add",
    "ArgMax",
    "ArgMin",
    "Attention",
    "AveragePool",
    "BatchNormalization",
    "Ceil",
    "Celu",
    "Clip",
    "Conv",
    "ConvTranspose",
    "Cos",
    "CumSum",
    "Div",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Floor",
    "Gather",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "InstanceNormalization",
    "IsInf",
    "IsNaN",
    "LRN",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "LpPool",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "PRelu",
    "Pad",
    "Pow",
    "RMSNormalization",
    "Range",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "RotaryEmbedding",
    "Round",
    "Scale",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softmax",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Sub",
    "Sum",
    "Swish",
    "Tanh",
    "ThresholdedRelu",
    "Transpose",
    "Trilu",
    "Where",
};

struct Format {
  DataType type;
  std::uint16_t (*round)(float);
  float (*widen)(std::uint16_t);
};
constexpr Format kFormats[] = {
    {DataType::kFloat16, [](float x) { return ops::to_float16(x).bits; },
     [](std::uint16_t bits) { return ops::to_float(ops::Float16{bits}); }},
    {DataType::kBFloat16, [](float x) { return ops::to_bfloat16(x).bits; },
     [](std::uint16_t bits) { return ops::to_float(ops::BFloat16{bits}); }},
};

bool is_float(const Tensor& tensor) {
  return tensor.defined() && tensor.type() == DataType::kFloat32;
}

Tensor rounded(const Tensor& tensor, const Format& format) {
  std::vector<std::uint16_t> bits;
  for (float x : tensor.as<float>()) bits.push_back(format.round(x));
  return Tensor::from<std::uint16_t>(format.type, tensor.shape(), bits);
}

Tensor widened(const Tensor& tensor, const Format& format) {
  std::vector<float> values;
  for (std::uint16_t bits : tensor.as<std::uint16_t>()) values.push_back(format.widen(bits));
  return floats(tensor.shape(), std::move(values));
}

// The place of a number among all of its format, in their order.
int rank_of(std::uint16_t bits) { return (bits & 0x8000) != 0 ? -(bits & 0x7fff) : bits; }

void expect_neighbours(const Tensor& actual, const Tensor& exact, const Format& format) {
  const auto found = actual.as<std::uint16_t>();
  const auto wanted = exact.as<float>();
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::uint16_t nearest = format.round(wanted[i]);
    if (std::isnan(wanted[i])) {
      EXPECT_TRUE(std::isnan(format.widen(found[i]))) << "element " << i;
    } else {
      EXPECT_LE(std::abs(rank_of(found[i]) - rank_of(nearest)), 1)
          << "element " << i << " is " << format.widen(found[i]) << ", not " << wanted[i];
    }
  }
}

// Statistics are floats whatever the elements are.
void expect_near(const Tensor& actual, const Tensor& reference) {
  for (std::size_t i = 0; i < reference.as<float>().size(); ++i) {
    const float wanted = reference.as<float>()[i];
    EXPECT_NEAR(actual.as<float>()[i], wanted, 1e-6f + 1e-4f * std::fabs(wanted));
  }
}

void expect_alike(const Tensor& actual, const Tensor& reference, const Format& format) {
  ASSERT_EQ(actual.shape(), reference.shape());
  if (actual.type() == format.type) return expect_neighbours(actual, reference, format);
  ASSERT_EQ(actual.type(), reference.type());
  if (is_float(actual)) return expect_near(actual, reference);
  EXPECT_THAT(actual.bytes(), ::testing::ElementsAreArray(reference.bytes()));
}

void expect_in(const Format& format, const OpCase& float_case) {
  SCOPED_TRACE(core::type_name(format.type));
  OpCase narrow = float_case;
  OpCase wide = float_case;
  for (std::size_t slot = 0; slot < narrow.inputs.size(); ++slot) {
    if (!is_float(narrow.inputs[slot])) continue;
    narrow.inputs[slot] = rounded(float_case.inputs[slot], format);
    wide.inputs[slot] = widened(narrow.inputs[slot], format);
  }
  const auto reference = run(wide);
  const auto actual = run(narrow);
  ASSERT_EQ(actual.ok(), reference.ok()) << actual.status().to_string();
  if (!actual.ok()) return;
  for (std::size_t slot = 0; slot < actual->size(); ++slot) {
    if ((*actual)[slot].defined()) expect_alike((*actual)[slot], (*reference)[slot], format);
  }
  const auto on_cuda = run_on_cuda(narrow);
  if (!on_cuda) return;
  SCOPED_TRACE("on CUDA, emulated");
  ASSERT_TRUE(on_cuda->ok()) << on_cuda->status().to_string();
  for (std::size_t slot = 0; slot < actual->size(); ++slot) {
    if (!(*actual)[slot].defined()) continue;
    expect_alike((*on_cuda)->at(slot), (*reference)[slot], format);
  }
}

// --- Machines ---

core::Result<Outputs> run_on(const ops::Backend& backend, core::ThreadPool& threads,
                             const OpCase& test_case) {
  graph::Graph graph = graph_of(test_case);
  MI_TRY(ops::infer(graph, cpu::evaluate));
  const ops::NodeView view(graph, 0);
  MI_ASSIGN(const ops::Kernel kernel, backend.bind(view, {}));
  std::vector<const void*> inputs;
  for (const Tensor& input : test_case.inputs) {
    inputs.push_back(input.defined() ? input.bytes().data() : nullptr);
  }
  Outputs outputs;
  std::vector<void*> places;
  for (int slot = 0; slot < view.output_count(); ++slot) {
    MI_ASSIGN(Tensor output, Tensor::allocate(view.output_type(slot), view.output_shape(slot)));
    places.push_back(output.mutable_bytes().data());
    outputs.push_back(std::move(output));
  }
  MI_TRY(kernel({.inputs = inputs, .outputs = places, .threads = &threads}));
  return outputs;
}

}  // namespace

bool has_16_bit_types(const OpCase& test_case) {
  const bool served =
      std::find(std::begin(kServed), std::end(kServed), test_case.op) != std::end(kServed);
  // Channels last are served in float alone.
  if (test_case.op == "Conv" && test_case.attributes.contains("layout")) return false;
  return served && std::any_of(test_case.inputs.begin(), test_case.inputs.end(), is_float);
}

void expect_in_16_bits(const OpCase& float_case) {
  for (const Format& format : kFormats) expect_in(format, float_case);
}

Tensor in_16_bits(const Tensor& floats, DataType type) {
  return rounded(floats, kFormats[type == DataType::kFloat16 ? 0 : 1]);
}

Tensor in_32_bits(const Tensor& halves) {
  return widened(halves, kFormats[halves.type() == DataType::kFloat16 ? 0 : 1]);
}

void expect_on_every_machine(const OpCase& test_case) {
  SCOPED_TRACE(test_case.op);
  core::ThreadPool pools[] = {core::ThreadPool(1), core::ThreadPool(2), core::ThreadPool(5)};
  for (InstructionSet set :
       {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    const auto backend = cpu::make_backend({.instruction_set = set});
    if (!backend.ok()) continue;  // this machine lacks it
    SCOPED_TRACE(core::instruction_set_name(set));
    const auto alone = run_on(**backend, pools[0], test_case);
    ASSERT_TRUE(alone.ok()) << alone.status().to_string();
    expect_outputs(test_case, *alone);
    for (core::ThreadPool& pool : pools) {
      const auto shared = run_on(**backend, pool, test_case);
      ASSERT_TRUE(shared.ok()) << shared.status().to_string();
      for (std::size_t slot = 0; slot < shared->size(); ++slot) {
        EXPECT_TRUE(std::ranges::equal((*shared)[slot].bytes(), (*alone)[slot].bytes()))
            << pool.size() << " threads change output " << slot;
      }
    }
  }
}

}  // namespace mini_infer::test
