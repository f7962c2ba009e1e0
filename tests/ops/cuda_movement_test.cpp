#include <gtest/gtest.h>

#include <limits>

#include "ops/cuda_case.h"
#include "ops/in_place.h"

// Cases for which the CUDA kernels that move elements have code of their own: tiles, wide units,
// several parts at once, warps.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using Ints = std::vector<std::int64_t>;

// A tensor of any type whose bytes differ.
Tensor patterned(DataType type, const Shape& shape) {
  std::vector<std::byte> bytes(*core::checked_bytes(type, shape));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(i * 131 + i / 256);
  }
  return Tensor::copy_of(type, shape, bytes);
}

constexpr DataType kWidths[] = {DataType::kUInt8, DataType::kUInt16, DataType::kInt32,
                                DataType::kInt64, DataType::kComplex128};

Tensor one_axis(Ints values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  return int64s(shape, std::move(values));
}

TEST(CudaTranspose, GoesByTiles) {
  for (DataType type : kWidths) {
    for (const Ints& perm : {Ints{0, 2, 1}, Ints{2, 1, 0}, Ints{1, 2, 0}}) {
      expect_same_on_cuda({.op = "Transpose",
                           .attributes = {{"perm", perm}},
                           .inputs = {patterned(type, {33, 3, 70})}});
    }
  }
}

TEST(CudaTranspose, MovesWholeRuns) {
  for (std::int64_t run : {64, 8, 6, 3}) {
    for (DataType type : kWidths) {
      expect_same_on_cuda({.op = "Transpose",
                           .attributes = {{"perm", Ints{0, 2, 1, 3}}},
                           .inputs = {patterned(type, {2, 3, 5, run})}});
    }
  }
}

TEST(CudaMovement, JoinsAndCutsManyParts) {
  for (std::int64_t axis : {0, 1}) {
    for (std::int64_t extent : {4, 5}) {
      OpCase concat{.op = "Concat", .attributes = {{"axis", axis}}, .inputs = {}};
      Ints extents;
      for (std::int64_t part = 0; part < 19; ++part) {
        extents.push_back(part == 7 ? 0 : extent * (1 + part % 3));
        const Shape shape = axis == 0 ? Shape{extents.back(), 6} : Shape{6, extents.back()};
        concat.inputs.push_back(ramp(shape, 1.0f, static_cast<float>(part)));
      }
      expect_same_on_cuda(concat);
      expect_same_on_cuda({.op = "Split",
                           .attributes = {{"axis", axis}},
                           .inputs = {run(concat)->at(0), one_axis(extents)},
                           .outputs = static_cast<int>(extents.size())});
    }
  }
}

TEST(CudaMovement, KeepsWindowsOfAnyAlignment) {
  const Tensor x = ramp({5, 24});
  for (std::int64_t start : {0, 1, 2, 4}) {
    expect_same_on_cuda({.op = "Slice",
                         .inputs = {x, one_axis({1, start}), one_axis({5, start + 8}),
                                    one_axis({0, 1}), one_axis({2, 1})}});
  }
  expect_same_on_cuda(
      {.op = "Slice",
       .inputs = {x, one_axis({-1, 8}), one_axis({-9, 16}), one_axis({0, 1}), one_axis({-2, 1})}});
}

TEST(CudaMovement, RepeatsRuns) {
  expect_same_on_cuda({.op = "Expand", .inputs = {ramp({3, 1, 8}), one_axis({2, 3, 5, 8})}});
  expect_same_on_cuda({.op = "Tile", .inputs = {ramp({3, 8}), one_axis({2, 3})}});
}

TEST(CudaPad, MovesWholeRuns) {
  for (const char* mode : {"constant", "edge", "reflect", "wrap"}) {
    for (const Ints& pads : {Ints{0, 1, 0, 0, 2, 0}, Ints{0, 1, 4, 0, 0, 8},
                             Ints{1, 0, -4, 0, 0, 3}, Ints{1, 0, -4, 0, 0, 0}}) {
      for (DataType type : kWidths) {
        expect_same_on_cuda(
            {.op = "Pad",
             .attributes = {{"mode", std::string(mode)}},
             .inputs = {patterned(type, {2, 3, 16}), one_axis(pads), patterned(type, {})}});
      }
    }
  }
}

TEST(CudaGather, MovesWholeRuns) {
  for (std::int64_t run : {16, 6, 1}) {
    for (DataType type : kWidths) {
      expect_same_on_cuda({.op = "Gather",
                           .attributes = {{"axis", std::int64_t{1}}},
                           .inputs = {patterned(type, {2, 5, run}), int32s({3}, {4, -5, 2})}});
    }
  }
}

TEST(CudaScatterND, LetsTheLastOfSeveralRowsWin) {
  Ints indices;
  for (std::int64_t row = 0; row < 100; ++row) indices.push_back(row * 7 % 40);
  const Shape rows{100, 1};
  for (std::int64_t slice : {8, 5, 700}) {
    expect_same_on_cuda(
        {.op = "ScatterND",
         .inputs = {ramp({40, slice}, -1.0f), int64s(rows, indices), ramp({100, slice})}});
    expect_same_on_cuda(
        {.op = "ScatterND",
         .opset = 18,
         .attributes = {{"reduction", std::string("add")}},
         .inputs = {ramp({40, slice}, -1.0f), int64s(rows, indices), ramp({100, slice}, 0.1f)}});
  }
}

TEST(CudaScatterND, NamesAllExtentsWhereAnIndexIsOutside) {
  const auto outputs = run_on_cuda(
      {.op = "ScatterND", .inputs = {ramp({40, 2}), int64s({2, 2}, {1, 1, 2, -3}), ramp({2})}});
  ASSERT_TRUE(outputs);
  EXPECT_EQ(outputs->status().code(), core::Status::ERROR_RUNTIME);
  EXPECT_NE(outputs->status().message().find("extent 40 or 2"), std::string::npos);
}

TEST(CudaWhere, ReadsPacksAndRepeatedElements) {
  const Tensor condition = bools({2, 1, 8}, std::vector<bool>{1, 0, 0, 1, 1, 0, 1, 0,  //
                                                              0, 1, 1, 1, 0, 0, 0, 1});
  for (DataType type : kWidths) {
    expect_same_on_cuda(
        {.op = "Where",
         .inputs = {condition, patterned(type, {2, 3, 8}), patterned(type, {1, 1, 1})}});
    expect_same_on_cuda(
        {.op = "Where",
         .inputs = {condition, patterned(type, {3, 1}), patterned(type, {2, 3, 8})}});
  }
}

TEST(CudaVariadic, FoldsFewAndMany) {
  for (const char* op : {"Sum", "Mean", "Max", "Min"}) {
    for (int count : {1, 2, 4, 5, 32}) {
      for (std::int64_t columns : {8, 5}) {
        OpCase test_case{.op = op, .inputs = {}};
        for (int i = 0; i < count; ++i) {
          const float sign = i % 2 == 0 ? 1.0f : -1.0f;
          test_case.inputs.push_back(
              ramp({i % 3 == 1 ? 1 : 3, i % 4 == 2 ? 1 : columns}, sign, static_cast<float>(i)));
        }
        expect_same_on_cuda(test_case);
      }
    }
  }
}

OpCase cum_sum(Tensor x, std::int64_t exclusive, std::int64_t reverse) {
  return {.op = "CumSum",
          .attributes = {{"exclusive", exclusive}, {"reverse", reverse}},
          .inputs = {std::move(x), int64s({}, {1})}};
}

TEST(CudaCumSum, AddsUpByWarps) {
  const Tensor integers = patterned(DataType::kInt32, {3, 100, 2});
  for (std::int64_t exclusive : {0, 1}) {
    for (std::int64_t reverse : {0, 1}) {
      expect_same_on_cuda(cum_sum(ramp({3, 100, 2}, 0.25f), exclusive, reverse));
      expect_same_on_cuda(cum_sum(ramp({2, 7, 40}, 0.25f), exclusive, reverse));
      expect_same_on_cuda(cum_sum(integers, exclusive, reverse));
    }
  }
  expect_same_in_place(cum_sum(integers, 1, 1));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  expect_same_on_cuda(cum_sum(floats({1, 3}, {1, kInfinity, 2}), 1, 0));
}

TEST(CudaCast, MovesPacksOfBothTypes) {
  for (DataType from : {DataType::kFloat32, DataType::kUInt8, DataType::kInt64}) {
    for (DataType to : {DataType::kFloat16, DataType::kInt8, DataType::kFloat64}) {
      expect_same_on_cuda({.op = "Cast",
                           .attributes = {{"to", static_cast<std::int64_t>(to)}},
                           .inputs = {patterned(from, {37})}});
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
