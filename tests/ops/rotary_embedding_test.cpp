#include <gtest/gtest.h>

#include "ops/in_place.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;

// A quarter turn takes (real, imaginary) to (-imaginary, real); no turn keeps it.
const Tensor kCosines = floats({2, 2}, {1, 1, 0, 0});  // of position 0, of position 1
const Tensor kSines = floats({2, 2}, {0, 0, 1, 1});

// One sample of one head, whose two tokens are at positions 0 and 1.
OpCase two_tokens(Tensor x) {
  return {.op = "RotaryEmbedding",
          .opset = 23,
          .inputs = {std::move(x), kCosines, kSines, int64s({1, 2}, {0, 1})}};
}

TEST(RotaryEmbedding, PairsTheHalvesOfAVector) {
  const OpCase test_case = two_tokens(floats({1, 1, 2, 4}, {1, 2, 3, 4, 1, 2, 3, 4}));
  expect_output(test_case, floats({1, 1, 2, 4}, {1, 2, 3, 4, -3, -4, 1, 2}));
  expect_same_in_place(test_case);
}

TEST(RotaryEmbedding, InterleavedPairsNeighbours) {
  OpCase test_case = two_tokens(floats({1, 1, 2, 4}, {1, 2, 3, 4, 1, 2, 3, 4}));
  test_case.attributes["interleaved"] = std::int64_t{1};
  expect_output(test_case, floats({1, 1, 2, 4}, {1, 2, 3, 4, -2, 1, -4, 3}));
  expect_same_in_place(test_case);
}

TEST(RotaryEmbedding, PartialRotationKeepsTheRest) {
  OpCase test_case = two_tokens(floats({1, 1, 2, 6}, {1, 2, 3, 4, 8, 9, 1, 2, 3, 4, 8, 9}));
  test_case.attributes["rotary_embedding_dim"] = std::int64_t{4};
  expect_output(test_case, floats({1, 1, 2, 6}, {1, 2, 3, 4, 8, 9, -3, -4, 1, 2, 8, 9}));
  expect_same_in_place(test_case);
}

TEST(RotaryEmbedding, WithoutPositionIdsEachTokenHasItsRow) {
  OpCase test_case = two_tokens(floats({1, 1, 2, 4}, {1, 2, 3, 4, 1, 2, 3, 4}));
  test_case.inputs = {test_case.inputs[0], kCosines.reshaped({1, 2, 2}),
                      kSines.reshaped({1, 2, 2})};
  expect_output(test_case, floats({1, 1, 2, 4}, {1, 2, 3, 4, -3, -4, 1, 2}));
}

TEST(RotaryEmbedding, MergedHeadsGiveWhatSplitOnesGive) {
  Random random(3);
  const Tensor x = random.tensor({2, 3, 5, 8});  // batch, heads, tokens, size
  const Tensor cosines = random.tensor({2, 5, 4});
  const Tensor sines = random.tensor({2, 5, 4});
  const auto split = run({.op = "RotaryEmbedding", .opset = 23, .inputs = {x, cosines, sines}});
  ASSERT_TRUE(split.ok()) << split.status().to_string();
  const auto merged = [](const Tensor& tensor) {
    return transposed(tensor, {0, 2, 1, 3}).reshaped({2, 5, 24});
  };
  expect_output({.op = "RotaryEmbedding",
                 .opset = 23,
                 .attributes = {{"num_heads", std::int64_t{3}}},
                 .inputs = {merged(x), cosines, sines}},
                merged(split.value()[0]));
}

TEST(RotaryEmbedding, ZeroExtentsAreLegal) {
  expect_output({.op = "RotaryEmbedding",
                 .opset = 23,
                 .inputs = {ramp({0, 2, 3, 4}), ramp({0, 3, 2}), ramp({0, 3, 2})}},
                ramp({0, 2, 3, 4}));
  expect_output({.op = "RotaryEmbedding",
                 .opset = 23,
                 .inputs = {ramp({2, 2, 0, 4}), ramp({2, 0, 2}), ramp({2, 0, 2})}},
                ramp({2, 2, 0, 4}));
}

TEST(RotaryEmbedding, PositionsBeyondTheCachesAreRefusedWhileRunning) {
  for (const std::int64_t position : {-1, 2}) {
    OpCase test_case = two_tokens(ramp({1, 1, 2, 4}));
    test_case.inputs[3] = int64s({1, 2}, {0, position});
    expect_failure(test_case, Status::ERROR_RUNTIME,
                   "index " + std::to_string(position) + " is outside an axis of extent 2");
  }
}

TEST(RotaryEmbedding, BadNodesAreNamed) {
  const auto refuse = [](OpCase test_case, const std::string& text) {
    expect_failure(test_case, Status::ERROR_INVALID_MODEL, text);
  };
  refuse(two_tokens(ramp({1, 1, 2, 3})), "even number of at most 3 elements to rotate, found 3");
  refuse(two_tokens(ramp({2, 4})), "input 0: expected rank 3 or 4, found [2,4]");
  refuse(two_tokens(ramp({1, 2, 4})), "num_heads 0 does not divide");
  refuse(two_tokens(ramp({1, 1, 3, 4})), "position_ids (input 3): expected [1,3], found [1,2]");
  refuse(two_tokens(ramp({1, 1, 2, 8})), "cos_cache: expected [positions,4], found [2,2]");
  OpCase other_sines = two_tokens(ramp({1, 1, 2, 4}));
  other_sines.inputs[2] = ramp({3, 2});
  refuse(other_sines, "sin_cache (input 2): expected [2,2], found [3,2]");
  OpCase without_ids = two_tokens(ramp({1, 1, 2, 4}));
  without_ids.inputs.pop_back();
  refuse(without_ids, "cos_cache (input 1): expected [1,2,2], found [2,2]");
  OpCase narrow_ids = two_tokens(ramp({1, 1, 2, 4}));
  narrow_ids.inputs[3] = int32s({1, 2}, {0, 1});
  refuse(narrow_ids, "position_ids: expected int64, found int32");
  OpCase wide = two_tokens(ramp({1, 1, 2, 4}));
  wide.attributes["rotary_embedding_dim"] = std::int64_t{6};
  refuse(wide, "even number of at most 4 elements to rotate, found 6");
}

// mini_infer.RotaryEmbedding: two tokens of one head of two, between other columns.
OpCase part_of_a_row(std::vector<std::int64_t> heads) {
  OpCase test_case = two_tokens(floats({2, 4}, {7, 1, 2, 8, 7, 1, 2, 8}));
  test_case.domain = "mini_infer";
  test_case.opset = 1;
  test_case.inputs[1] = floats({2, 1}, {1, 0});
  test_case.inputs[2] = floats({2, 1}, {0, 1});
  test_case.attributes["heads"] = std::move(heads);
  return test_case;
}

TEST(RotaryEmbedding, OfAPartKeepsTheRest) {
  const OpCase test_case = part_of_a_row({1, 1, 2, 2, 1, 0, 0, 4});
  expect_output(test_case, floats({2, 4}, {7, 1, 2, 8, 7, -2, 1, 8}));
  expect_same_in_place(test_case);
}

TEST(RotaryEmbedding, APartOutsideItsTensorIsRefused) {
  expect_failure(part_of_a_row({1, 1, 2, 2, 3, 0, 0, 4}), Status::ERROR_INVALID_MODEL,
                 "heads reaches beyond [2,4]");
  expect_failure(part_of_a_row({1, 1, 2}), Status::ERROR_INVALID_MODEL,
                 "heads: expected 8 numbers, found 3");
}

}  // namespace
}  // namespace mini_infer::test
