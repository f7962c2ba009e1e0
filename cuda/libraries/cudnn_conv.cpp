#include "cuda/libraries/cudnn_conv.h"

#include <algorithm>
#include <optional>

#include "core/try.h"

namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Status;
using Extents = std::vector<std::int64_t>;

enum Uid : std::int64_t { kX = 1, kW, kBias, kResidual, kY, kSum, kWithResidual, kWithBias };

cudnnDataType_t type_of(DataType type) {
  switch (type) {
    case DataType::kFloat16:
      return CUDNN_DATA_HALF;
    case DataType::kBFloat16:
      return CUDNN_DATA_BFLOAT16;
    default:
      return CUDNN_DATA_FLOAT;
  }
}

// Two spatial axes, or three where the first is not a single plane.
struct Axes {
  std::vector<ops::SlidingAxis> all;

  explicit Axes(const ops::Window& window) {
    const bool flat = window[0].input == 1 && window[0].kernel == 1 && window[0].output == 1;
    all.assign(window.begin() + (flat ? 1 : 0), window.end());
  }

  template <typename Member>
  Extents of(Member member) const {
    Extents extents;
    for (const ops::SlidingAxis& axis : all) extents.push_back(axis.*member);
    return extents;
  }
};

// Of a tensor [outer, channels, spatial...] that lies in the layout; `pitch`: channels last, from
// pixel to pixel.
Extents strides_of(const Extents& extents, ops::Layout layout, std::int64_t pitch) {
  Extents strides(extents.size(), 1);
  std::int64_t step = 1;
  const bool channels_last = layout == ops::Layout::kNhwc;
  if (channels_last) step = pitch;
  for (std::size_t axis = extents.size() - 1; axis > 1; --axis) {
    strides[axis] = step;
    step *= extents[axis];
  }
  if (!channels_last) {
    strides[1] = step;
    step *= extents[1];
  }
  strides[0] = step;
  return strides;
}

Extents joined(std::int64_t outer, std::int64_t channels, const Extents& spatial) {
  Extents extents = {outer, channels};
  extents.insert(extents.end(), spatial.begin(), spatial.end());
  return extents;
}

// The operations, and the tensors between them.
class Graph {
 public:
  explicit Graph(const CudnnConv& conv) : conv_(conv), axes_(conv.geometry.window) {
    tensors_.reserve(kWithBias + 1);
  }

  core::Result<CudnnDescriptor> build(const Cudnn& cudnn) {
    const Extents y =
        joined(conv_.geometry.batch, conv_.geometry.filters, axes_.of(&ops::SlidingAxis::output));
    const Extents per_channel = joined(1, conv_.geometry.filters, Extents(axes_.all.size(), 1));
    MI_TRY(tensor(kX, joined(conv_.geometry.batch, conv_.geometry.channels,
                             axes_.of(&ops::SlidingAxis::input))));
    MI_TRY(tensor(kW, joined(conv_.geometry.filters, conv_.geometry.channels_per_group(),
                             axes_.of(&ops::SlidingAxis::kernel))));
    MI_TRY(tensor(last_is(kSum) ? kY : kSum, y));
    MI_TRY(convolution());
    std::int64_t sum = last_is(kSum) ? kY : kSum;
    if (conv_.residual) {
      MI_TRY(tensor(kResidual, y));
      MI_TRY(pointwise(CUDNN_POINTWISE_ADD, sum, kResidual,
                       last_is(kWithResidual) ? kY : kWithResidual, y));
    }
    if (conv_.bias) {
      MI_TRY(tensor(kBias, per_channel));
      MI_TRY(pointwise(CUDNN_POINTWISE_ADD, sum, kBias, last_is(kWithBias) ? kY : kWithBias, y));
    }
    if (conv_.relu) MI_TRY(pointwise(CUDNN_POINTWISE_RELU_FWD, sum, std::nullopt, kY, y));

    CudnnDescriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations_);
    cudnn.add_device(graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, std::nullopt);
    MI_TRY(graph.finish());
    return graph;
  }

 private:
  // Whether nothing comes after this sum, so that it is the result.
  bool last_is(Uid uid) const {
    if (conv_.relu) return false;
    if (conv_.bias) return uid == kWithBias;
    if (conv_.residual) return uid == kWithResidual;
    return uid == kSum;
  }

  std::int64_t pitch_of(std::int64_t uid, const Extents& extents) const {
    if (uid == kX) return conv_.geometry.input_pitch;
    return uid == kY ? conv_.geometry.output_pitch : extents[1];
  }

  Status tensor(std::int64_t uid, const Extents& extents) {
    constexpr std::int64_t kAlignment = 16;
    const bool between = uid > kY;
    CudnnDescriptor descriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    descriptor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, uid)
        .set(CUDNN_ATTR_TENSOR_DATA_TYPE, between ? CUDNN_DATA_FLOAT : type_of(conv_.type))
        .set(CUDNN_ATTR_TENSOR_DIMENSIONS, extents)
        .set(CUDNN_ATTR_TENSOR_STRIDES,
             strides_of(extents, conv_.geometry.layout, pitch_of(uid, extents)))
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kAlignment)
        .set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, between);
    MI_TRY(descriptor.finish());
    uids_.push_back(uid);
    tensors_.push_back(std::move(descriptor));
    return Status::SUCCESS;
  }

  const CudnnDescriptor& of(std::int64_t uid) const {
    const auto at = std::find(uids_.begin(), uids_.end(), uid) - uids_.begin();
    return tensors_[static_cast<std::size_t>(at)];
  }

  Status convolution() {
    CudnnDescriptor window(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    window.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, static_cast<std::int64_t>(axes_.all.size()))
        .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
        .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, axes_.of(&ops::SlidingAxis::pad_begin))
        .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, axes_.of(&ops::SlidingAxis::pad_end))
        .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, axes_.of(&ops::SlidingAxis::dilation))
        .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, axes_.of(&ops::SlidingAxis::stride));
    MI_TRY(window.finish());
    CudnnDescriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0f)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0f)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, window)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, of(kX))
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, of(kW))
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, of(uids_.back()));
    return add_operation(std::move(operation));
  }

  // sum := mode(sum [, other]), from now on called `result`.
  Status pointwise(cudnnPointwiseMode_t mode, std::int64_t& sum, std::optional<Uid> other,
                   std::int64_t result, const Extents& extents) {
    MI_TRY(tensor(result, extents));
    CudnnDescriptor how(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    how.set(CUDNN_ATTR_POINTWISE_MODE, mode).set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
    MI_TRY(how.finish());
    CudnnDescriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, of(sum));
    if (other) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, of(*other));
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, of(result));
    sum = result;
    return add_operation(std::move(operation));
  }

  Status add_operation(CudnnDescriptor operation) {
    MI_TRY(operation.finish());
    operations_.push_back(std::move(operation));
    return Status::SUCCESS;
  }

  const CudnnConv& conv_;
  Axes axes_;
  std::vector<std::int64_t> uids_;
  std::vector<CudnnDescriptor> tensors_;
  std::vector<CudnnDescriptor> operations_;
};

// Whether plans of this configuration may be taken at all.
bool suits(const CudnnDescriptor& configuration, const CudnnConv& conv) {
  const auto engines =
      configuration.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  if (engines.empty()) return false;
  std::vector<cudnnBackendNumericalNote_t> notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  notes.resize(
      static_cast<std::size_t>(engines.front().get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, notes)));
  const bool strict = conv.type == DataType::kFloat32 && !conv.tf32;
  for (const cudnnBackendNumericalNote_t note : notes) {
    if (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC ||
        note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION ||
        note == CUDNN_NUMERICAL_NOTE_FFT || note == CUDNN_NUMERICAL_NOTE_WINOGRAD) {
      return false;
    }
    if (strict && (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
                   note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)) {
      return false;
    }
  }
  // Seconds each, to compile.
  std::vector<cudnnBackendBehaviorNote_t> behavior(CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
  behavior.resize(
      static_cast<std::size_t>(engines.front().get(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, behavior)));
  return std::find(behavior.begin(), behavior.end(), CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) ==
         behavior.end();
}

std::vector<CudnnDescriptor> configurations(const Cudnn& cudnn, const CudnnDescriptor& graph,
                                            cudnnBackendHeurMode_t mode) {
  constexpr std::size_t kMost = 48;
  CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
      .set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  cudnn.add_device(heuristics, std::nullopt, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
  if (!heuristics.finish().ok()) return {};
  return heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, kMost);
}

}  // namespace

std::string CudnnConv::key() const {
  std::string text = core::type_name(type);
  const auto add = [&](std::int64_t number) { text.append(1, ',').append(std::to_string(number)); };
  for (const bool flag : {tf32, bias, residual, relu, geometry.layout == ops::Layout::kNhwc}) {
    add(flag ? 1 : 0);
  }
  for (const std::int64_t number : {geometry.batch, geometry.channels, geometry.filters,
                                    geometry.groups, geometry.input_pitch, geometry.output_pitch}) {
    add(number);
  }
  for (const ops::SlidingAxis& axis : geometry.window) {
    for (const std::int64_t number : {axis.input, axis.output, axis.kernel, axis.stride,
                                      axis.dilation, axis.pad_begin, axis.pad_end}) {
      add(number);
    }
  }
  return text;
}

std::vector<CudnnWay> ways(const Cudnn& cudnn, const CudnnConv& conv, std::size_t workspace_bytes,
                           std::size_t most, std::size_t& wanted_bytes) {
  std::vector<CudnnWay> found;
  bool first = true;
  Graph description(conv);
  const auto graph = description.build(cudnn);
  if (!graph.ok()) return found;
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (const CudnnDescriptor& configuration : configurations(cudnn, *graph, mode)) {
      if (found.size() == most) return found;
      if (!suits(configuration, conv)) continue;
      CudnnDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
      cudnn.add_device(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, std::nullopt);
      if (!plan.finish().ok()) continue;
      const auto bytes = static_cast<std::size_t>(
          plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, std::int64_t{0}));
      if (std::exchange(first, false)) wanted_bytes = bytes;
      if (bytes <= workspace_bytes) found.push_back({std::move(plan), bytes});
    }
  }
  return found;
}

Status run(const Cudnn& cudnn, const CudnnConv& conv, const CudnnWay& way,
           const CudnnConvTensors& tensors, void* workspace, cudaStream_t stream) {
  std::vector<std::int64_t> uids = {kX, kW, kY};
  std::vector<void*> pointers = {const_cast<void*>(tensors.x), const_cast<void*>(tensors.w),
                                 tensors.y};
  if (conv.residual) {
    uids.push_back(kResidual);
    pointers.push_back(const_cast<void*>(tensors.residual));
  }
  if (conv.bias) {
    uids.push_back(kBias);
    pointers.push_back(const_cast<void*>(tensors.bias));
  }
  return cudnn.execute(way.plan, uids, pointers, workspace, stream);
}

}  // namespace mini_infer::cuda
