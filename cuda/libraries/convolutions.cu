#include "core/try.h"
#include "cuda/conv_direct.h"
#include "cuda/libraries/activate.h"
#include "cuda/libraries/cudnn_conv.h"
#include "cuda/libraries/libraries.h"
#include "cuda/libraries/trial.h"
#include "cuda/pack_weights.h"

// Conv by cuDNN.
namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::ConvGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::Layout;
using ops::NodeView;

constexpr int kWeights = 1;

bool needs_packing(const ConvGeometry& geometry) {
  return geometry.layout == Layout::kNhwc && WindowSizes(geometry.window).taps > 1 &&
         geometry.channels_per_group() > 1;
}

// [M, C / group, taps] as [M, taps, C / group].
ops::PackedInput packed_filters(const NodeView& view, const ConvGeometry& geometry) {
  return transposed_weights(view, kWeights, geometry.filters, geometry.channels_per_group(),
                            WindowSizes(geometry.window).taps);
}

bool serves(const NodeView& view, const ConvGeometry& geometry) {
  return ops::holds(ops::StoredFloats{}, view.input_type(0)) &&
         geometry.output_shape.elements() > 0 && geometry.layout == geometry.input_layout &&
         !has_few_filters(geometry) &&
         (view.constant(kWeights) != nullptr || !needs_packing(geometry));
}

struct Choice {
  std::shared_ptr<const CudnnWay> way;  // null where there is none
  std::size_t wanted_bytes = 0;
};

class Convolutions final : public KernelSource {
 public:
  Convolutions(std::shared_ptr<const Cudnn> library, const LibraryOptions& options)
      : library_(std::move(library)), options_(options) {}

  Result<std::optional<Kernel>> bind(const NodeView& view,
                                     const ops::BindContext& context) const override {
    if (view.node().op != "Conv") return std::optional<Kernel>();
    MI_ASSIGN(const ConvGeometry geometry, ops::conv_geometry(view));
    if (!serves(view, geometry)) return std::optional<Kernel>();
    const ops::Activation activation = activation_of(view);
    const bool fused = activation.kind == ops::Activation::Kind::kNone ||
                       activation.kind == ops::Activation::Kind::kRelu;
    if (!fused && geometry.has_pixels_apart()) return std::optional<Kernel>();
    const CudnnConv conv{.geometry = geometry,
                         .type = view.input_type(0),
                         .tf32 = options_.tf32,
                         .bias = view.has_input(2),
                         .residual = view.has_input(3),
                         .relu = activation.kind == ops::Activation::Kind::kRelu};
    const Choice choice = choose(conv, context.workspace_bytes);
    if (choice.way == nullptr) return std::optional<Kernel>();
    Kernel bound = kernel(conv, choice, rest_of(activation, conv.relu));
    if (needs_packing(geometry)) bound.packed.push_back(packed_filters(view, geometry));
    return std::optional<Kernel>(std::move(bound));
  }

 private:
  Choice choose(const CudnnConv& conv, std::size_t workspace_bytes) const {
    return choices_.of(conv.key(), workspace_bytes, [&] {
      constexpr std::size_t kTried = 12;
      Choice choice;
      const std::size_t most = options_.tuning != nullptr ? kTried : 1;
      auto found = ways(*library_, conv, workspace_bytes, most, choice.wanted_bytes);
      if (found.empty()) return choice;
      const auto best = static_cast<std::size_t>(choose(conv, found, workspace_bytes));
      choice.way = std::make_shared<const CudnnWay>(std::move(found[best]));
      return choice;
    });
  }

  int choose(const CudnnConv& conv, const std::vector<CudnnWay>& ways,
             std::size_t workspace_bytes) const {
    if (options_.tuning == nullptr) return 0;
    const std::string name = "cuDNN in " + std::to_string(workspace_bytes) + ": " + conv.key();
    return options_.tuning->choose(name, static_cast<int>(ways.size()),
                                   [&] { return fastest_of(conv, ways); });
  }

  int fastest_of(const CudnnConv& conv, const std::vector<CudnnWay>& ways) const {
    const auto size = static_cast<std::int64_t>(core::bits_per_element(conv.type)) / 8;
    const auto aligned = [&](std::int64_t elements) {
      return core::align_up(static_cast<std::size_t>(elements * size), 256);
    };
    const ConvGeometry& geometry = conv.geometry;
    const WindowSizes sizes(geometry.window);
    const std::size_t x = aligned(geometry.batch * geometry.input_pitch * sizes.input_pixels);
    const std::size_t w = aligned(geometry.filters * geometry.channels_per_group() * sizes.taps);
    const std::size_t y = aligned(geometry.batch * geometry.output_pitch * sizes.output_pixels);
    const std::size_t bias = aligned(geometry.filters);
    std::size_t workspace = 0;
    for (const CudnnWay& way : ways) workspace = std::max(workspace, way.workspace_bytes);
    return fastest(static_cast<int>(ways.size()), x + w + 2 * y + bias + workspace,
                   [&](int i, std::byte* memory, cudaStream_t stream) {
                     const CudnnConvTensors tensors{.x = memory,
                                                    .w = memory + x,
                                                    .bias = memory + x + w,
                                                    .residual = memory + x + w + bias,
                                                    .y = memory + x + w + bias + y};
                     return run(*library_, conv, ways[static_cast<std::size_t>(i)], tensors,
                                memory + x + w + bias + 2 * y, stream);
                   });
  }

  Kernel kernel(const CudnnConv& conv, const Choice& choice, const ops::Activation& rest) const {
    Kernel kernel(
        [conv, way = choice.way, rest, library = library_](const KernelArgs& args) -> Status {
          const CudnnConvTensors tensors{.x = args.in<void>(0),
                                         .w = args.in<void>(kWeights),
                                         .bias = conv.bias ? args.in<void>(2) : nullptr,
                                         .residual = conv.residual ? args.in<void>(3) : nullptr,
                                         .y = args.out<void>(0)};
          MI_TRY(run(*library, conv, *way, tensors, args.workspace.data(), stream_of(args.queue)));
          if (rest.kind == ops::Activation::Kind::kNone) return Status::SUCCESS;
          return activate_in_place(conv.type, rest, args.out<void>(0),
                                   conv.geometry.output_shape.elements(), args.queue);
        });
    kernel.choice = {.name = "cuDNN",
                     .wanted_bytes = choice.wanted_bytes,
                     .taken_bytes = choice.way->workspace_bytes};
    return kernel;
  }

  std::shared_ptr<const Cudnn> library_;
  LibraryOptions options_;
  Choices<Choice> choices_;
};

}  // namespace

std::string convolutions_version() { return "cuDNN " + std::to_string(cudnnGetVersion()); }

Result<std::shared_ptr<const KernelSource>> open_convolutions(const LibraryOptions& options) {
  MI_ASSIGN(std::shared_ptr<const Cudnn> library,
            options.device_properties ? Cudnn::open(*options.device_properties) : Cudnn::open());
  return std::shared_ptr<const KernelSource>(
      std::make_shared<const Convolutions>(std::move(library), options));
}

}  // namespace mini_infer::cuda
