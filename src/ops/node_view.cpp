#include "ops/node_view.h"

#include <algorithm>
#include <cstring>

namespace mini_infer::ops {

using core::DataType;
using core::Status;

bool NodeView::has_input(int slot) const {
  return slot < input_count() && node().inputs[static_cast<std::size_t>(slot)] != graph::kNoValue;
}

bool NodeView::has_output(int slot) const {
  return slot < output_count() && node().outputs[static_cast<std::size_t>(slot)] != graph::kNoValue;
}

std::int64_t NodeView::pitch(graph::ValueId id, std::int64_t dense) const {
  const std::int64_t stated = pitches_ == nullptr ? 0 : (*pitches_)[static_cast<std::size_t>(id)];
  return stated == 0 ? dense : stated;
}

std::int64_t NodeView::input_pitch(int slot, std::int64_t dense) const {
  return pitch(node().inputs[static_cast<std::size_t>(slot)], dense);
}

std::int64_t NodeView::output_pitch(int slot, std::int64_t dense) const {
  return pitch(node().outputs[static_cast<std::size_t>(slot)], dense);
}

const core::Tensor* NodeView::constant(int slot) const {
  if (!has_input(slot) || !input(slot).constant) return nullptr;
  return &*input(slot).constant;
}

core::Result<std::vector<std::int64_t>> NodeView::ints(int slot) const {
  if (!has_input(slot)) return fail("input " + std::to_string(slot) + " is missing");
  const core::Tensor* tensor = constant(slot);
  if (tensor == nullptr) {
    return fail(
        Status::ERROR_UNSUPPORTED,
        "the value of input " + std::to_string(slot) + " '" + input(slot).name +
            "' must be known before planning; give it when building if it is a model input");
  }
  const auto count = static_cast<std::size_t>(tensor->elements());
  std::vector<std::int64_t> values(count);
  if (tensor->type() == DataType::kInt64) {
    if (count > 0) std::memcpy(values.data(), tensor->bytes().data(), tensor->size_bytes());
  } else if (tensor->type() == DataType::kInt32) {
    const core::Tensor aligned = tensor->aligned();
    std::copy_n(aligned.as<std::int32_t>().begin(), count, values.begin());
  } else {
    return fail("input " + std::to_string(slot) + " '" + input(slot).name +
                "': expected int64 or int32, found " + core::type_name(tensor->type()));
  }
  return values;
}

core::Result<std::vector<std::int64_t>> NodeView::ints(const char* key, int slot,
                                                       std::vector<std::int64_t> fallback) const {
  if (const auto* attribute = node().find<std::vector<std::int64_t>>(key)) return *attribute;
  if (has_input(slot)) return ints(slot);
  return fallback;
}

Status NodeView::fail(const std::string& message) const {
  return fail(Status::ERROR_INVALID_MODEL, message);
}

Status NodeView::fail(Status::Code code, const std::string& message) const {
  return {code, graph::describe(node()) + ": " + message};
}

Status NodeView::unsupported_type(DataType type) const {
  return unsupported(std::string("type ") + core::type_name(type));
}

Status NodeView::unsupported(const std::string& what) const {
  return fail(Status::ERROR_UNSUPPORTED, what + " is not supported");
}

Status InferContext::expect_inputs(int min, int max) const {
  if (input_count() < min || input_count() > max) {
    return fail("expected " + std::to_string(min) +
                (min == max ? "" : " to " + std::to_string(max)) + " inputs, found " +
                std::to_string(input_count()));
  }
  for (int slot = 0; slot < min; ++slot) {
    if (!has_input(slot)) return fail("input " + std::to_string(slot) + " is missing");
  }
  return Status::SUCCESS;
}

void InferContext::set_output(int slot, DataType type, core::Shape shape) {
  if (!has_output(slot)) return;
  graph::Value& value = mutable_graph_->value(node().outputs[static_cast<std::size_t>(slot)]);
  value.type = type;
  value.shape = std::move(shape);
}

}  // namespace mini_infer::ops
