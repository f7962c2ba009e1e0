#include <gtest/gtest.h>

#include "ops/alias_case.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;

OpCase pad(const std::string& mode, Tensor x, Extents pads, Tensor value = Tensor(),
           Tensor axes = Tensor()) {
  const auto count = static_cast<std::int64_t>(pads.size());
  return {.op = "Pad",
          .opset = 19,
          .attributes = {{"mode", mode}},
          .inputs = {std::move(x), int64s({count}, std::move(pads)), std::move(value),
                     std::move(axes)}};
}

TEST(Pad, ConstantIsZeroUnlessSaid) {
  expect_output(pad("constant", ramp({2, 2}, 1, 1), {1, 0, 0, 2}),
                floats({3, 4}, {0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0}));
  expect_output(pad("constant", floats({1}, {7}), {1, 1}, floats({}, {5})), floats({3}, {5, 7, 5}));
  expect_output(pad("constant", floats({1}, {7}), {0, 5}, floats({1}, {5})),
                floats({6}, {7, 5, 5, 5, 5, 5}));
}

TEST(Pad, ReflectLeavesTheEdgeOut) {
  expect_output(pad("reflect", ramp({3}), {2, 2}), floats({7}, {2, 1, 0, 1, 2, 1, 0}));
  expect_output(pad("reflect", ramp({1, 2}), {0, 3, 0, 0}), floats({1, 5}, {1, 0, 1, 0, 1}));
  expect_output(pad("reflect", floats({1}, {4}), {1, 1}), floats({3}, {4, 4, 4}));
}

TEST(Pad, EdgeRepeatsTheEdge) {
  expect_output(pad("edge", ramp({2, 2}), {1, 1, 0, 1}),
                floats({3, 4}, {0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3}));
}

TEST(Pad, WrapStartsOver) {
  expect_output(pad("wrap", ramp({3}), {4, 2}), floats({9}, {2, 0, 1, 2, 0, 1, 2, 0, 1}));
}

TEST(Pad, NegativePadsCropFirst) {
  expect_output(pad("constant", ramp({4}), {-1, -2}), floats({1}, {1}));
  expect_output(pad("constant", ramp({4}), {-1, 1}), floats({4}, {1, 2, 3, 0}));
  expect_output(pad("edge", ramp({4}), {2, -2}), floats({4}, {0, 0, 0, 1}));
  expect_output(pad("reflect", ramp({4}), {-1, 1}), floats({4}, {1, 2, 3, 2}));
  expect_output(pad("constant", ramp({2, 2}), {0, -1, 0, 0}), floats({2, 1}, {1, 3}));
  expect_output(pad("constant", ramp({2}), {-1, -1}), floats({0}, {}));
}

TEST(Pad, AxesChooseWhatIsPadded) {
  expect_output(pad("constant", ramp({1, 2}), {1, 1}, Tensor(), int64s({1}, {-1})),
                floats({1, 4}, {0, 0, 1, 0}));
  expect_output(pad("edge", ramp({1, 2}), {1, 0, 0, 1}, Tensor(), int64s({2}, {1, 0})),
                floats({2, 3}, {0, 0, 1, 0, 0, 1}));
}

TEST(Pad, BeforeOpset11EverythingIsAnAttribute) {
  expect_output({.op = "Pad",
                 .opset = 10,
                 .attributes = {{"pads", Extents{1, 2}}, {"value", 3.0f}},
                 .inputs = {ramp({1})}},
                floats({4}, {3, 0, 3, 3}));
}

// numpy.pad, index by index.
TEST(Pad, RandomShapes) {
  for (unsigned seed = 0; seed < 300 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto rank = static_cast<std::size_t>(random.number(1, 4));
    const char* const kModes[] = {"constant", "edge", "reflect", "wrap"};
    const std::string mode = kModes[random.number(0, 3)];
    Extents input, pads, output;
    for (std::size_t i = 0; i < rank; ++i) input.push_back(random.number(1, 4));
    for (std::size_t i = 0; i < 2 * rank; ++i)
      pads.push_back(random.coin() ? random.number(0, 4) : 0);
    for (std::size_t i = 0; i < rank; ++i) output.push_back(pads[i] + input[i] + pads[rank + i]);
    const Tensor x = random.tensor(Shape(input));
    std::vector<float> expected;
    for_each_index(output, [&](const Extents& at) {
      Extents from = at;
      for (std::size_t i = 0; i < rank; ++i) {
        // Walks back into the input by the definition of the mode.
        std::int64_t& position = from[i] -= pads[i];
        const std::int64_t extent = input[i];
        while (position < 0 || position >= extent) {
          if (mode == "constant") return expected.push_back(9);
          if (mode == "edge" || extent == 1) {
            position = position < 0 ? 0 : extent - 1;
          } else if (mode == "wrap") {
            position += position < 0 ? extent : -extent;
          } else {
            position = position < 0 ? -position : 2 * (extent - 1) - position;
          }
        }
      }
      expected.push_back(x.as<float>()[flat_index(input, from)]);
    });
    expect_output(pad(mode, x, pads, floats({}, {9})), floats(Shape(output), std::move(expected)));
  }
}

TEST(Pad, AnyTypeOfWholeBytes) {
  expect_output(pad("constant", int64s({1}, {7}), {1, 0}, int64s({}, {-1})), int64s({2}, {-1, 7}));
  expect_output(pad("constant", bools({1}, {true}), {1, 1}), bools({3}, {false, true, false}));
  expect_output(pad("constant", int32s({2}, {1, 2}), {0, 3}, int32s({}, {258})),
                int32s({5}, {1, 2, 258, 258, 258}));
  const std::uint16_t halves[] = {0x3c00};
  const std::uint16_t padded[] = {0x3c00, 0x3c00};
  expect_output(
      pad("edge", Tensor::from<std::uint16_t>(DataType::kFloat16, Shape{1}, halves), {1, 0}),
      Tensor::from<std::uint16_t>(DataType::kFloat16, Shape{2}, padded));
  const Tensor nibbles = Tensor::allocate(DataType::kInt4, Shape{2}).value();
  expect_failure(pad("constant", nibbles, {1, 1}), Status::ERROR_UNSUPPORTED, "type int4");
}

TEST(Pad, ZeroExtentsAreLegal) {
  expect_output(pad("constant", floats({0, 2}, {}), {1, 0, 0, 0}, floats({}, {4})),
                floats({1, 2}, {4, 4}));
  expect_output(pad("edge", floats({0, 1}, {}), {0, 1, 0, 0}), floats({0, 2}, {}));
}

TEST(Pad, IsAViewWhenItPadsNothing) {
  EXPECT_TRUE(is_view(pad("constant", ramp({2, 3}), {0, 0, 0, 0})));
  EXPECT_FALSE(is_view(pad("constant", ramp({2, 3}), {0, 1, 0, 0})));
  EXPECT_FALSE(is_view(pad("constant", ramp({2, 3}), {0, 1, 0, -1})));
  expect_output(pad("constant", ramp({2, 3}), {0, 0, 0, 0}), ramp({2, 3}));
  expect_output(pad("constant", floats({}, {1}), {}), floats({}, {1}));
}

TEST(Pad, BadNodesAreNamed) {
  const auto refuse = [](const OpCase& test_case, const std::string& text) {
    expect_failure(test_case, Status::ERROR_INVALID_MODEL, text);
  };
  refuse(pad("mirror", ramp({1}), {1, 1}), "mode 'mirror' is none of");
  refuse(pad("constant", ramp({1}), {1}), "pads: expected 2 numbers, found 1");
  refuse(pad("constant", ramp({2}), {-2, -1}),
         "pads -2 and -1 of axis 0 with 2 elements crop more than there is");
  refuse(pad("constant", ramp({2}), {INT64_MIN, 0}), "crop more than there is");
  refuse(pad("constant", ramp({2}), {INT64_MAX, 1}), "give no extent");
  refuse(pad("edge", floats({0}, {}), {1, 1}), "repeat elements of an empty axis");
  refuse(pad("constant", ramp({1}), {1, 1}, int64s({}, {1})), "expected float32, found int64");
  refuse(pad("constant", ramp({1}), {1, 1}, ramp({2})), "expected one element, found [2]");
  refuse(pad("constant", ramp({1, 1}), {1, 1, 1, 1}, Tensor(), int64s({2}, {0, 0})),
         "axis 0 is named twice");
  refuse(pad("constant", ramp({1}), {1, 1}, Tensor(), int64s({1}, {1})), "axis 1 is outside");
}

}  // namespace
}  // namespace mini_infer::test
