#pragma once

#include <functional>
#include <string>

#include "cuda/check.h"
#include "ops/backend.h"

// Which of several ways is the fastest here and now.
namespace mini_infer::cuda {

// Runs each way a few times in memory taken for the trial and let go after it. `run` puts way i
// into the stream; `memory` holds `bytes` bytes that are small numbers in every float type. 0, as
// guessed, where the device has no room for a trial.
int fastest(int count, std::size_t bytes,
            const std::function<core::Status(int i, std::byte* memory, cudaStream_t stream)>& run);

// A name for the work of a node: operator, attributes, types, shapes, pitches.
std::string describe(const ops::NodeView& view);

// The same of kernels that compute one node.
int fastest_kernel(const ops::NodeView& view, std::span<const ops::Kernel> kernels,
                   const ops::BindContext& context);

}  // namespace mini_infer::cuda
