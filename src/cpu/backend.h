#pragma once

#include <memory>

#include "mini_infer/core/types.h"
#include "ops/backend.h"

namespace mini_infer::cpu {

struct Simd;

struct BackendOptions {
  core::InstructionSet instruction_set = core::InstructionSet::kNative;
  bool winograd = true;
};

// The kernels of src/cpu/ops. Immutable. ERROR_UNSUPPORTED for instructions this machine lacks.
core::Result<std::unique_ptr<ops::Backend>> make_backend(const BackendOptions& options);
// kNative: the best that this machine has. Others as they are.
core::InstructionSet resolve(core::InstructionSet set);
// One with the default options, for everybody.
const ops::Backend& backend();

// What a kernel is bound with besides its node.
struct BindContext {
  std::size_t workspace_bytes = 0;  // see ops::BindContext
  const Simd* simd = nullptr;       // the vector code to call
  bool winograd = true;
};

// Functions that make a node ready to run, shapes known.
using Bind = core::Result<ops::Kernel> (*)(const ops::NodeView&);
using BindWith = core::Result<ops::Kernel> (*)(const ops::NodeView&, const BindContext&);

struct KernelEntry {
  constexpr KernelEntry(std::string_view of_type, Bind function, std::string_view of_domain = "")
      : type(of_type), domain(of_domain), bind(function) {}
  constexpr KernelEntry(std::string_view of_type, BindWith function,
                        std::string_view of_domain = "")
      : type(of_type), domain(of_domain), bind_with(function) {}

  core::Result<ops::Kernel> operator()(const ops::NodeView& view,
                                       const BindContext& context) const {
    return bind_with != nullptr ? bind_with(view, context) : bind(view);
  }

  std::string_view type;
  std::string_view domain;
  Bind bind = nullptr;
  BindWith bind_with = nullptr;
};

// Of an output without elements.
inline ops::Kernel nothing_to_do() {
  return [](const ops::KernelArgs&) -> core::Status { return core::Status::SUCCESS; };
}

}  // namespace mini_infer::cpu
