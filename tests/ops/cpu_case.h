#pragma once

#include <vector>

#include "cpu/backend.h"
#include "ops/op_case.h"

// Cases of one operator on the CPU, whose result must not depend on how many threads compute it,
// and hardly on the instructions.
namespace mini_infer::test {

// What this machine has.
std::vector<core::InstructionSet> instruction_sets();

struct CpuRun {
  cpu::BackendOptions backend = {};
  int threads = 1;
  std::size_t workspace_bytes = 0;  // the step's hole
  bool constants = true;            // all inputs are, else those that OpCase names
};

// The constant in the form that a kernel asked for.
core::Tensor packed(const ops::PackedInput& form, const core::Tensor& constant,
                    core::ThreadPool& threads);

// Output 0. Constant weights are packed where the kernel wants them so.
core::Result<core::Tensor> run_on_cpu(const OpCase& test_case, const CpuRun& how);

// Runs the case on every instruction set, with 1 to 3 threads and each of these workspaces. Expects
// floats that differ from `expected` by no more than 1e-5 of its largest one, and, on one
// instruction set, the same bits each time.
void expect_on_cpu(const OpCase& test_case, const core::Tensor& expected,
                   const std::vector<std::size_t>& workspaces = {0});

}  // namespace mini_infer::test
