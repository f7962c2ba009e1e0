#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "cuda/backend.h"
#include "cuda/device.h"
#include "ops/infer.h"
#include "support/graph_builder.h"

// Which kernel a node gets, where there are several.
namespace mini_infer::test {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;

// Serves Relu, with a kernel of that name.
class Source final : public cuda::KernelSource {
 public:
  Result<std::optional<Kernel>> bind(const ops::NodeView& view,
                                     const ops::BindContext&) const override {
    if (view.node().op != "Relu") return std::optional<Kernel>();
    Kernel kernel([](const ops::KernelArgs&) -> Status { return Status::SUCCESS; });
    kernel.choice.name = "theirs";
    return std::optional<Kernel>(std::move(kernel));
  }
};

// The name of the kernel that such a node gets; empty: ours.
std::string kernel_of(const std::string& op, const cuda::Judge& judge) {
  GraphBuilder b;
  b.output(b.op(op, {b.input("x", {4})}, {}, "y"));
  const auto graph = b.share();
  EXPECT_TRUE(ops::infer(*graph, cpu::evaluate).ok());
  const auto backend =
      cuda::make_backend(cuda::open_device(0).value(), {std::make_shared<const Source>()}, judge);
  const auto kernel = backend->bind(ops::NodeView(*graph, 0), {});
  EXPECT_TRUE(kernel.ok()) << kernel.status().to_string();
  return kernel.ok() ? kernel->choice.name : "none";
}

TEST(CudaBackend, ASourceGoesBeforeOurKernels) {
  EXPECT_EQ(kernel_of("Relu", nullptr), "theirs");
  EXPECT_EQ(kernel_of("Sigmoid", nullptr), "");
}

TEST(CudaBackend, WhereBothServeANodeTheJudgeDecides) {
  int asked = 0;
  const auto takes = [&](int number) {
    return [&asked, number](const ops::NodeView& view, std::span<const Kernel> kernels,
                            const ops::BindContext&) {
      ++asked;
      EXPECT_EQ(view.node().op, "Relu");
      EXPECT_EQ(kernels.size(), 2u);
      return number;
    };
  };
  EXPECT_EQ(kernel_of("Relu", takes(0)), "theirs");
  EXPECT_EQ(kernel_of("Relu", takes(1)), "");
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(kernel_of("Sigmoid", takes(0)), "");  // nobody else's
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace mini_infer::test
