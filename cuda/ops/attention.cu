#include "core/try.h"
#include "cuda/attention_kernel.h"
#include "cuda/attention_tensor.h"
#include "cuda/backend.h"
#include "cuda/pack.h"
#include "ops/attention.h"

namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::AttentionGeometry;
using ops::Heads;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using Input = ops::AttentionInput;

// --- The past and the new ones, one after the other, as an output ---

// One unit: an element or a pack of them.
template <typename Unit>
struct AppendBody {
  Sequence<Unit> from;
  Unit* to;
  std::int64_t key_count;

  __device__ void operator()(std::int64_t i) const {
    const Heads& heads = from.fresh_heads;
    const std::int64_t vector = i / heads.size;
    const std::int64_t head = vector / key_count;
    const auto rows = from.rows(head / heads.heads, head % heads.heads);
    to[i] = rows.at(vector % key_count)[i % heads.size];
  }
};

bool has_packs(const Heads& heads, int count) {
  for (std::int64_t number :
       std::array{heads.size, heads.first, heads.batch_step, heads.head_step, heads.token_step}) {
    if (number % count != 0) return false;
  }
  return true;
}

Heads in_packs(Heads heads, int count) {
  for (std::int64_t* number : std::array{&heads.size, &heads.first, &heads.batch_step,
                                         &heads.head_step, &heads.token_step}) {
    *number /= count;
  }
  return heads;
}

template <typename Unit>
Status append_units(const Sequence<Unit>& from, Unit* to, std::int64_t key_count,
                    const KernelArgs& args) {
  const Heads& heads = from.fresh_heads;
  return for_each("attention: append", heads.batch * heads.heads * key_count * heads.size,
                  args.queue, AppendBody<Unit>{from, to, key_count});
}

template <typename T>
Status append(const Sequence<T>& from, T* to, std::int64_t key_count, const KernelArgs& args) {
  using Unit = Pack<T>;
  constexpr int kCount = Unit::kCount;
  if (to == nullptr) return Status::SUCCESS;
  if (!has_packs(from.past_heads, kCount) || !has_packs(from.fresh_heads, kCount)) {
    return append_units(from, to, key_count, args);
  }
  Sequence<Unit> packs;
  packs.past = reinterpret_cast<const Unit*>(from.past);
  packs.fresh = reinterpret_cast<const Unit*>(from.fresh);
  packs.past_count = from.past_count;
  packs.past_heads = in_packs(from.past_heads, kCount);
  packs.fresh_heads = in_packs(from.fresh_heads, kCount);
  return append_units(packs, reinterpret_cast<Unit*>(to), key_count, args);
}

// --- The operator ---

template <typename T>
MaskKind mask_kind_of(const NodeView& view) {
  if (!view.has_input(Input::kMask)) return MaskKind::kNone;
  const DataType type = view.input_type(Input::kMask);
  if (type == DataType::kBool) return MaskKind::kBool;
  return type == DataType::kFloat32 ? MaskKind::kFloat : MaskKind::kOwn;
}

template <typename T>
AttentionForm<T> form_of(const NodeView& view, const AttentionGeometry& geometry) {
  AttentionForm<T> form;
  form.keys.past_count = geometry.past;
  form.keys.past_heads = geometry.past_key;
  form.keys.fresh_heads = geometry.key;
  form.values.past_count = geometry.past;
  form.values.past_heads = geometry.past_value;
  form.values.fresh_heads = geometry.value;
  form.query_heads = geometry.query;
  form.y_heads = geometry.output;
  form.key_count = geometry.keys();
  form.heads_per_key_head = geometry.query.heads / geometry.key.heads;
  form.mask_kind = mask_kind_of<T>(view);
  std::copy(geometry.mask.begin(), geometry.mask.end(), form.mask_steps);
  form.rules = geometry.rules;
  form.scale = geometry.scale;
  form.softcap = geometry.softcap;
  form.query_scale = geometry.query_scale;
  form.softmax = geometry.softmax;
  form.hidden = geometry.hidden;
  form.scores = geometry.scores;
  return form;
}

template <typename T>
AttentionForm<T> on(AttentionForm<T> form, const KernelArgs& args) {
  form.query = args.in<T>(Input::kQuery);
  form.keys.past = optional_input<T>(args, Input::kPastKey);
  form.keys.fresh = args.in<T>(Input::kKey);
  form.values.past = optional_input<T>(args, Input::kPastValue);
  form.values.fresh = args.in<T>(Input::kValue);
  form.mask = optional_input<std::uint8_t>(args, Input::kMask);
  form.valid_keys = optional_input<std::int64_t>(args, Input::kValidKeys);
  form.y = args.out<T>(0);
  form.shown = optional_output<T>(args, 3);
  form.fault = Fault::of(args);
  return form;
}

// Whole packs of 16-bit elements, and enough queries for a warp.
template <typename T>
bool suits_tensor_cores(const AttentionForm<T>& form) {
  constexpr int kCount = Pack<T>::kCount;
  if (sizeof(T) != 2 || form.shown != nullptr ||
      form.query_heads.tokens < attention::kWarpQueries / 2 ||
      std::max(form.query_heads.size, form.y_heads.size) > attention::kLargestTensorSize) {
    return false;
  }
  return has_packs(form.query_heads, kCount) && has_packs(form.y_heads, kCount) &&
         has_packs(form.keys.past_heads, kCount) && has_packs(form.keys.fresh_heads, kCount) &&
         has_packs(form.values.past_heads, kCount) && has_packs(form.values.fresh_heads, kCount);
}

template <typename T>
Status run(const AttentionForm<T>& unbound, const KernelArgs& args) {
  const AttentionForm<T> form = on(unbound, args);
  MI_TRY(append(form.keys, optional_output<T>(args, 1), form.key_count, args));
  MI_TRY(append(form.values, optional_output<T>(args, 2), form.key_count, args));
  if constexpr (sizeof(T) == 2) {
    constexpr std::int64_t kSmall = attention::kLargestTensorSize / 2;
    if (suits_tensor_cores(form)) {
      return std::max(form.query_heads.size, form.y_heads.size) <= kSmall
                 ? attention::run_on_tensor_cores<T, 64>(form, args.queue)
                 : attention::run_on_tensor_cores<T, 128>(form, args.queue);
    }
  }
  constexpr std::int64_t kFewQueries = 8;
  return form.query_heads.tokens <= kFewQueries ? attention::run<T, 2>(form, args.queue)
                                                : attention::run<T, 8>(form, args.queue);
}

// A mask may also be of bools or of floats.
Status check_types(const NodeView& view, DataType type) {
  for (int slot : {Input::kQuery, Input::kKey, Input::kValue, Input::kPastKey, Input::kPastValue}) {
    if (view.has_input(slot) && view.input_type(slot) != type) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  if (!view.has_input(Input::kMask)) return Status::SUCCESS;
  const DataType mask = view.input_type(Input::kMask);
  const bool known = mask == DataType::kBool || mask == DataType::kFloat32 || mask == type;
  return known ? Status::SUCCESS : view.unsupported_type(mask);
}

template <typename T>
Result<Kernel> bind_of(const NodeView& view) {
  MI_TRY(check_types(view, view.input_type(Input::kQuery)));
  MI_ASSIGN(const AttentionGeometry geometry, ops::attention_geometry(view));
  const AttentionForm<T> form = form_of<T>(view, geometry);
  const char* name =
      view.has_output(3) || !suits_tensor_cores(form) ? "flash" : "flash on tensor cores";
  Kernel kernel = named(name, [form](const KernelArgs& args) { return run(form, args); });
  kernel.fault = ops::not_a_count_of_keys(view, geometry);
  return kernel;
}

Result<Kernel> bind_attention(const NodeView& view) {
  return ops::for_type(view, view.input_type(Input::kQuery), ops::StoredFloats{},
                       [&]<typename T>(T) { return bind_of<T>(view); });
}

constexpr KernelEntry kTable[] = {{"Attention", bind_attention},
                                  {"Attention", bind_attention, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kAttentionKernels = kTable;

}  // namespace mini_infer::cuda
