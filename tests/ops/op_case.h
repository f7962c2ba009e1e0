#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"
#include "ops/backend.h"

// Readable cases of one operator, run on every backend this build has.
namespace mini_infer::test {

core::Tensor floats(core::Shape shape, std::vector<float> values);
core::Tensor int64s(core::Shape shape, std::vector<std::int64_t> values);
core::Tensor int32s(core::Shape shape, std::vector<std::int32_t> values);
core::Tensor bools(core::Shape shape, std::vector<bool> values);
// 0, 1, 2, ... scaled: distinct values in every place.
core::Tensor ramp(core::Shape shape, float scale = 1.0f, float start = 0.0f);

struct OpCase {
  std::string op;
  std::string domain = "";
  int opset = 17;
  std::map<std::string, graph::Attribute, std::less<>> attributes = {};
  // An undefined Tensor stands for an optional input left out.
  std::vector<core::Tensor> inputs;
  int outputs = 1;
  // Inputs that are constants, besides the value inputs (OpDef::value_inputs).
  std::vector<std::size_t> constants = {};
};

// A graph of the one node; inputs that are no constants are graph inputs.
graph::Graph graph_of(const OpCase& test_case);

// The outputs by the CPU kernels, or the Status of inference, binding or running.
core::Result<std::vector<core::Tensor>> run(const OpCase& test_case);

// Runs the case on every backend and expects one output equal to `expected`: type and shape
// exactly, floats within rtol 1e-3 and atol 1e-7 (the tolerance of the ONNX node tests), the rest
// exactly. Where 16-bit types are served the case is run in these too (ops/every_type.h).
void expect_output(const OpCase& test_case, const core::Tensor& expected);

// The same for every output.
void expect_outputs(const OpCase& test_case, const std::vector<core::Tensor>& expected);

// On CUDA alone; the two above do so, too.
void expect_on_cuda(const OpCase& test_case, const std::vector<core::Tensor>& expected);

// Expects a failure with this code whose message holds `text` and names the operator.
void expect_failure(const OpCase& test_case, core::Status::Code code, const std::string& text);

}  // namespace mini_infer::test
