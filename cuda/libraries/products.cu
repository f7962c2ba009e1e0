#include "core/try.h"
#include "cuda/epilogue.h"
#include "cuda/launch.h"
#include "cuda/libraries/activate.h"
#include "cuda/libraries/cublas_lt.h"
#include "cuda/libraries/libraries.h"
#include "cuda/libraries/trial.h"
#include "ops/conv.h"
#include "ops/dispatch.h"
#include "ops/gemm.h"
#include "ops/matmul.h"
#include "ops/shapes.h"

// Gemm, MatMul and convolutions of single pixels by cuBLASLt.
namespace mini_infer::cuda {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

constexpr int kLeftOut = -1;

// A product, and which inputs it reads.
struct Request {
  LtProduct product;
  int a = 0, b = 1, bias = kLeftOut, residual = kLeftOut;
  ops::Activation rest;  // not fused

  void activate(const ops::Activation& activation) {
    using Kind = ops::Activation::Kind;
    if (activation.kind == Kind::kRelu) product.activation = LtProduct::Activation::kRelu;
    if (activation.kind == Kind::kGeluTanh) product.activation = LtProduct::Activation::kGeluTanh;
    rest = rest_of(activation, product.activation != LtProduct::Activation::kNone);
  }
  void add_residual(int slot, float beta) {
    residual = slot;
    product.beta = beta;
  }
  std::int64_t elements() const { return product.rows * product.columns * product.count; }
};

std::optional<Request> gemm(const NodeView& view) {
  const auto geometry = ops::gemm_geometry(view);
  if (!geometry.ok()) return std::nullopt;
  Request request;
  request.product = {.rows = geometry->rows,
                     .columns = geometry->columns,
                     .depth = geometry->depth,
                     .transpose_a = geometry->transpose_a,
                     .transpose_b = geometry->transpose_b,
                     .alpha = geometry->alpha};
  if (view.has_input(3)) request.add_residual(3, 1);
  if (view.has_input(2) && geometry->beta != 0) {
    const core::Shape& shape = view.input_shape(2);
    if (geometry->beta == 1 && shape.rank() > 0 && shape.elements() == geometry->columns &&
        shape[shape.rank() - 1] == geometry->columns) {
      request.product.bias = true;
      request.bias = 2;
    } else if (shape == view.output_shape(0) && !view.has_input(3)) {
      request.add_residual(2, geometry->beta);
    } else {
      return std::nullopt;
    }
  }
  return request;
}

// The stack's axes as one: the same steps from each product to the next.
bool merge_stack(const ops::MatMulGeometry& geometry, LtProduct& product) {
  std::int64_t a_skip = 0, b_skip = 0;
  product.count = 1;
  for (int axis = geometry.batch.rank() - 1; axis >= 0; --axis) {
    const std::int64_t extent = geometry.batch[axis];
    if (extent == 1) continue;
    const auto at = static_cast<std::size_t>(axis);
    if (product.count == 1) {
      a_skip = geometry.a_skip[at];
      b_skip = geometry.b_skip[at];
    } else if (geometry.a_skip[at] != a_skip * product.count ||
               geometry.b_skip[at] != b_skip * product.count) {
      return false;
    }
    product.count *= extent;
  }
  product.a_step = a_skip * geometry.rows * geometry.depth;
  product.b_step = b_skip * geometry.depth * geometry.columns;
  // One right matrix for all is one product of more rows.
  if (product.count > 1 && b_skip == 0 && a_skip == 1) {
    product.rows *= std::exchange(product.count, 1);
    product.a_step = 0;
  }
  return true;
}

std::optional<Request> matmul(const NodeView& view) {
  const auto geometry = ops::matmul_geometry(view);
  if (!geometry.ok()) return std::nullopt;
  Request request;
  request.product = {
      .rows = geometry->rows, .columns = geometry->columns, .depth = geometry->depth};
  if (!merge_stack(*geometry, request.product)) return std::nullopt;
  if (view.has_input(2)) {
    request.product.bias = true;
    request.bias = 2;
  }
  if (view.has_input(3)) request.add_residual(3, 1);
  return request;
}

// Channels last, a pixel is a row.
std::optional<Request> conv(const NodeView& view) {
  const auto geometry = ops::conv_geometry(view);
  if (!geometry.ok() || geometry->groups != 1 || geometry->layout != ops::Layout::kNhwc ||
      geometry->input_layout != ops::Layout::kNhwc || geometry->has_pixels_apart()) {
    return std::nullopt;
  }
  std::int64_t pixels = geometry->batch;
  for (const ops::SlidingAxis& axis : geometry->window) {
    if (axis.kernel != 1 || axis.stride != 1 || axis.input != axis.output) return std::nullopt;
    pixels *= axis.output;
  }
  Request request;
  request.product = {.rows = pixels,
                     .columns = geometry->filters,
                     .depth = geometry->channels,
                     .transpose_b = true};
  if (view.has_input(2)) {
    request.product.bias = true;
    request.bias = 2;
  }
  if (view.has_input(3)) request.add_residual(3, 1);
  return request;
}

class Products final : public KernelSource {
 public:
  Products(std::shared_ptr<const CublasLt> library, const LibraryOptions& options)
      : library_(std::move(library)), options_(options) {}

  Result<std::optional<Kernel>> bind(const NodeView& view,
                                     const ops::BindContext& context) const override {
    std::optional<Request> request = request_of(view);
    if (!request) return std::optional<Kernel>();
    request->product.type = view.input_type(0);
    request->product.tf32 = options_.tf32;
    request->activate(activation_of(view));
    if (request->product.depth == 0 || request->product.count > INT32_MAX) {
      return std::optional<Kernel>();
    }
    if (library_ == nullptr) {
      Kernel kernel([](const KernelArgs&) { return not_here(); });
      kernel.choice = {.name = "cuBLASLt: chosen on the device"};
      return std::optional<Kernel>(std::move(kernel));
    }
    const Choice choice = choose(request->product, context.workspace_bytes);
    if (!choice.way) return std::optional<Kernel>();
    return std::optional<Kernel>(kernel(*request, choice));
  }

 private:
  static std::optional<Request> request_of(const NodeView& view) {
    if (!ops::holds(ops::StoredFloats{}, view.input_type(0)) ||
        view.output_shape(0).elements() == 0) {
      return std::nullopt;
    }
    const graph::Node& node = view.node();
    if (node.op == "Gemm") return gemm(view);
    if (node.op == "MatMul") return matmul(view);
    if (node.op == "Conv") return conv(view);
    return std::nullopt;
  }

  struct Choice {
    std::optional<LtWay> way;  // none where there is none
    std::size_t wanted_bytes = 0;
  };

  Choice choose(const LtProduct& product, std::size_t workspace_bytes) const {
    return choices_.of(product.key(), workspace_bytes, [&] {
      constexpr int kTried = 16;
      constexpr std::size_t kPlenty = std::size_t{32} << 20;
      Choice choice;
      const int most = options_.tuning != nullptr ? kTried : 1;
      const auto found = library_->ways(product, workspace_bytes, most);
      if (found.empty()) return choice;
      choice.way = found[static_cast<std::size_t>(choose(product, found, workspace_bytes))];
      const auto unlimited = library_->ways(product, kPlenty, 1);
      if (!unlimited.empty()) choice.wanted_bytes = unlimited.front().workspace_bytes;
      return choice;
    });
  }

  int choose(const LtProduct& product, const std::vector<LtWay>& ways,
             std::size_t workspace_bytes) const {
    if (options_.tuning == nullptr) return 0;
    const std::string name =
        "cuBLASLt in " + std::to_string(workspace_bytes) + ": " + product.key();
    return options_.tuning->choose(name, static_cast<int>(ways.size()),
                                   [&] { return fastest_of(product, ways); });
  }

  int fastest_of(const LtProduct& product, const std::vector<LtWay>& ways) const {
    const auto size = static_cast<std::size_t>(core::bits_per_element(product.type)) / 8;
    const auto bytes_of = [&](std::int64_t a, std::int64_t b) {
      return core::align_up(static_cast<std::size_t>(a * b * product.count) * size, 256);
    };
    const std::size_t a = bytes_of(product.rows, product.depth);
    const std::size_t b = bytes_of(product.depth, product.columns);
    const std::size_t y = bytes_of(product.rows, product.columns);
    const std::size_t bias = bytes_of(product.columns, 1);
    std::size_t workspace = 0;
    for (const LtWay& way : ways) workspace = std::max(workspace, way.workspace_bytes);
    return fastest(static_cast<int>(ways.size()), a + b + y + bias + workspace,
                   [&](int i, std::byte* memory, cudaStream_t stream) {
                     const LtTensors tensors{.a = memory,
                                             .b = memory + a,
                                             .bias = memory + a + b + y,
                                             .residual = nullptr,
                                             .y = memory + a + b};
                     return library_->run(product, ways[static_cast<std::size_t>(i)], tensors,
                                          memory + a + b + y + bias, stream);
                   });
  }

  Kernel kernel(const Request& request, const Choice& choice) const {
    Kernel kernel([request, way = *choice.way,
                   library = library_](const KernelArgs& args) -> Status {
      const auto input = [&](int slot) { return slot == kLeftOut ? nullptr : args.in<void>(slot); };
      const LtTensors tensors{.a = input(request.a),
                              .b = input(request.b),
                              .bias = input(request.bias),
                              .residual = input(request.residual),
                              .y = args.out<void>(0)};
      MI_TRY(library->run(request.product, way, tensors, args.workspace.data(),
                          stream_of(args.queue)));
      if (request.rest.kind == ops::Activation::Kind::kNone) return Status::SUCCESS;
      return activate_in_place(request.product.type, request.rest, args.out<void>(0),
                               request.elements(), args.queue);
    });
    kernel.choice = {.name = "cuBLASLt",
                     .wanted_bytes = choice.wanted_bytes,
                     .taken_bytes = choice.way->workspace_bytes};
    return kernel;
  }

  std::shared_ptr<const CublasLt> library_;
  LibraryOptions options_;
  Choices<Choice> choices_;
};

}  // namespace

std::string products_version() { return "cuBLASLt " + std::to_string(cublasLtGetVersion()); }

Result<std::shared_ptr<const KernelSource>> open_products(const LibraryOptions& options) {
  std::shared_ptr<const CublasLt> library;  // null: it answers on a device only
  if (!options.device_properties) {
    MI_ASSIGN(library, CublasLt::open());
  }
  return std::shared_ptr<const KernelSource>(
      std::make_shared<const Products>(std::move(library), options));
}

}  // namespace mini_infer::cuda
