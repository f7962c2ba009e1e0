#include "ops/conv_case.h"

namespace mini_infer::test {

using core::Shape;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

Tensor reference(const ConvCase& conv) {
  const auto x = conv.x.as<float>();
  const auto w = conv.w.as<float>();
  const std::int64_t filters = conv.w.shape()[0];
  const std::int64_t channels = conv.w.shape()[1];
  const std::int64_t pixels = conv.x.shape().elements(2, conv.x.shape().rank());
  const std::int64_t taps = conv.w.shape().elements(2, conv.w.shape().rank());
  Extents output = {conv.x.shape()[0], filters};
  for (std::int64_t extent : conv.window.output()) output.push_back(extent);
  std::vector<float> y;
  for_each_index(output, [&](const Extents& at) {
    const Extents pixel(at.begin() + 2, at.end());
    const std::int64_t group = at[1] / (filters / conv.group);
    double sum = 0;
    for_each_index(conv.window.kernel, [&](const Extents& tap) {
      Extents from;
      if (!conv.window.under(pixel, tap, from)) return;
      from.insert(from.begin(), {at[0], group * channels});
      Extents weight = tap;
      weight.insert(weight.begin(), {at[1], 0});
      const auto first_x = x.begin() + flat_index(conv.x.shape().dims(), from);
      const auto first_w = w.begin() + flat_index(conv.w.shape().dims(), weight);
      for (std::int64_t c = 0; c < channels; ++c) {
        sum += static_cast<double>(first_x[c * pixels]) * static_cast<double>(first_w[c * taps]);
      }
    });
    if (conv.bias.defined()) sum += static_cast<double>(conv.bias.as<float>()[at[1]]);
    if (conv.residual.defined()) {
      sum += static_cast<double>(conv.residual.as<float>()[flat_index(output, at)]);
    }
    y.push_back(ops::apply(conv.activation, static_cast<float>(sum)));
  });
  return floats(Shape(output), std::move(y));
}

namespace {

Attributes attributes_of(const ConvCase& conv) {
  Attributes attributes = conv.window.attributes();
  attributes["group"] = conv.group;
  graph::Node node;
  conv.activation.store(node);
  attributes.merge(node.attributes);
  return attributes;
}

}  // namespace

OpCase onnx_case(const ConvCase& conv) {
  OpCase test_case{
      .op = "Conv", .attributes = conv.window.attributes(), .inputs = {conv.x, conv.w, conv.bias}};
  test_case.attributes["group"] = conv.group;
  return test_case;
}

OpCase fused_case(const ConvCase& conv) {
  return {.op = "Conv",
          .domain = "mini_infer",
          .opset = 1,
          .attributes = attributes_of(conv),
          .inputs = {conv.x, conv.w, conv.bias, conv.residual}};
}

OpCase nhwc_case(const ConvCase& conv) {
  OpCase test_case = fused_case(conv);
  test_case.attributes["layout"] = std::string("NHWC");
  test_case.inputs[0] = channels_last(conv.x);
  test_case.constants = {1};
  if (conv.residual.defined()) test_case.inputs[3] = channels_last(conv.residual);
  return test_case;
}

}  // namespace mini_infer::test
