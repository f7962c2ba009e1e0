#include "importers/onnx/tensor_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <ostream>

#include "importers/model_writer.h"
#include "importers/onnx/parse.h"

namespace mini_infer::test {
namespace {

using core::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

core::Result<core::Tensor> read(const TensorWriter& writer) {
  auto message = importers::parse_tensor(writer.bytes());
  if (!message.ok()) return message.status();
  auto tensor = importers::make_tensor(*message, {});
  // The writer is gone soon: keep a copy of what may be a view.
  if (tensor.ok()) {
    return core::Tensor::copy_of(tensor->type(), tensor->shape(), tensor->bytes());
  }
  return tensor;
}

template <typename T>
std::vector<T> values(const TensorWriter& writer) {
  auto tensor = read(writer);
  EXPECT_TRUE(tensor.ok()) << tensor.status().to_string();
  if (!tensor.ok()) return {};
  return {tensor->as<T>().begin(), tensor->as<T>().end()};
}

TensorWriter w(DataType type, const std::vector<std::int64_t>& dims) {
  return TensorWriter("w", type, dims);
}

TEST(OnnxTensor, FloatsPackedUnpackedAndRaw) {
  const auto kFloat = DataType::kFloat32;
  EXPECT_THAT(values<float>(w(kFloat, {2}).raw<float>({1, 2})), ElementsAre(1, 2));
  EXPECT_THAT(values<float>(w(kFloat, {2}).floats({1, 2})), ElementsAre(1, 2));
  EXPECT_THAT(values<float>(w(kFloat, {2}).unpacked_float(1).unpacked_float(2)), ElementsAre(1, 2));
  EXPECT_THAT(values<float>(w(kFloat, {3}).floats({1, 2}).unpacked_float(3)), ElementsAre(1, 2, 3));
  EXPECT_THAT(values<double>(w(DataType::kFloat64, {1}).doubles({0.1})), ElementsAre(0.1));
  EXPECT_THAT(values<float>(w(DataType::kComplex64, {1}).floats({1, 2})), ElementsAre(1, 2));
  EXPECT_THAT(values<double>(w(DataType::kComplex128, {1}).doubles({1, 2})), ElementsAre(1, 2));
}

TEST(OnnxTensor, IntegersKeepTheirLowBitsInTheirOwnWidth) {
  const auto kInt32 = fields::tensor::kInt32Data;
  EXPECT_THAT(values<std::int8_t>(w(DataType::kInt8, {2}).ints(kInt32, {-128, 127})),
              ElementsAre(-128, 127));
  EXPECT_THAT(values<std::uint8_t>(w(DataType::kUInt8, {2}).ints(kInt32, {0, 255})),
              ElementsAre(0, 255));
  EXPECT_THAT(values<std::int16_t>(w(DataType::kInt16, {1}).ints(kInt32, {-2})), ElementsAre(-2));
  EXPECT_THAT(values<std::uint16_t>(w(DataType::kUInt16, {1}).ints(kInt32, {65535})),
              ElementsAre(65535));
  EXPECT_THAT(values<std::int32_t>(w(DataType::kInt32, {1}).ints(kInt32, {-5})), ElementsAre(-5));
  EXPECT_THAT(values<std::uint8_t>(w(DataType::kBool, {2}).ints(kInt32, {1, 0})),
              ElementsAre(1, 0));
  EXPECT_THAT(values<std::uint16_t>(w(DataType::kFloat16, {1}).ints(kInt32, {0x3c00})),
              ElementsAre(0x3c00));
  EXPECT_THAT(values<std::uint16_t>(w(DataType::kBFloat16, {1}).ints(kInt32, {0x3f80})),
              ElementsAre(0x3f80));
  EXPECT_THAT(values<std::uint8_t>(w(DataType::kFloat8E4M3FN, {1}).ints(kInt32, {0x38})),
              ElementsAre(0x38));
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_THAT(
      values<std::int64_t>(w(DataType::kInt64, {2}).ints(fields::tensor::kInt64Data, {lowest, 3})),
      ElementsAre(lowest, 3));
  EXPECT_THAT(
      values<std::uint64_t>(w(DataType::kUInt64, {1}).ints(fields::tensor::kUint64Data, {-1})),
      ElementsAre(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_THAT(values<std::uint32_t>(
                  w(DataType::kUInt32, {1}).ints(fields::tensor::kUint64Data, {0xffffffffLL})),
              ElementsAre(0xffffffffU));
  EXPECT_THAT(values<std::int64_t>(w(DataType::kInt64, {2})
                                       .unpacked_int(fields::tensor::kInt64Data, 7)
                                       .unpacked_int(fields::tensor::kInt64Data, -7)),
              ElementsAre(7, -7));
}

TEST(OnnxTensor, SmallElementsShareBytes) {
  const auto kInt32 = fields::tensor::kInt32Data;
  EXPECT_THAT(values<std::uint8_t>(w(DataType::kInt4, {3}).ints(kInt32, {0x21, 0x03})),
              ElementsAre(0x21, 0x03));
  EXPECT_THAT(values<std::uint8_t>(w(DataType::kUInt4, {3}).raw<std::uint8_t>({0x21, 0x03})),
              ElementsAre(0x21, 0x03));
  EXPECT_THAT(values<std::uint8_t>(w(DataType::kUInt2, {5}).ints(kInt32, {0xe4, 0x01})),
              ElementsAre(0xe4, 0x01));
}

TEST(OnnxTensor, EmptyTensorsAndScalarsAreLegal) {
  EXPECT_TRUE(read(w(DataType::kFloat32, {2, 0})).ok());
  EXPECT_TRUE(read(w(DataType::kInt64, {0})).ok());
  EXPECT_THAT(values<float>(w(DataType::kFloat32, {}).raw<float>({4})), ElementsAre(4));
}

struct BadTensor {
  const char* what;
  TensorWriter writer;
  Status::Code code;
  const char* message;
};

// How gtest prints the parameter.
std::ostream& operator<<(std::ostream& out, const BadTensor& bad) { return out << bad.what; }

class OnnxBadTensor : public ::testing::TestWithParam<BadTensor> {};

TEST_P(OnnxBadTensor, IsRefusedByName) {
  const auto tensor = read(GetParam().writer);
  EXPECT_EQ(tensor.status().code(), GetParam().code);
  EXPECT_THAT(tensor.status().message(), HasSubstr("tensor 'w': "));
  EXPECT_THAT(tensor.status().message(), HasSubstr(GetParam().message));
}

constexpr std::int64_t kExa = std::int64_t{1} << 58;
constexpr auto kInvalid = Status::ERROR_INVALID_MODEL;
constexpr auto kUnsupported = Status::ERROR_UNSUPPORTED;

INSTANTIATE_TEST_SUITE_P(
    , OnnxBadTensor,
    ::testing::Values(
        BadTensor{"RawTooShort", w(DataType::kFloat32, {3}).raw<float>({1, 2}), kInvalid,
                  "float32[3] needs 12 bytes but holds 8 bytes"},
        BadTensor{"RawTooLong", w(DataType::kFloat32, {1}).raw<float>({1, 2}), kInvalid,
                  "float32[1] needs 4 bytes but holds 8 bytes"},
        BadTensor{"FloatsTooFew", w(DataType::kFloat32, {3}).floats({1, 2}), kInvalid,
                  "needs 12 bytes but holds 8"},
        BadTensor{"UnpackedTooFew", w(DataType::kFloat32, {3}).unpacked_float(1).unpacked_float(2),
                  kInvalid, "needs 12 bytes but holds 8"},
        BadTensor{"IntsTooMany", w(DataType::kInt64, {1}).ints(fields::tensor::kInt64Data, {1, 2}),
                  kInvalid, "int64[1] holds too many elements"},
        BadTensor{"IntsTooFew", w(DataType::kInt64, {3}).ints(fields::tensor::kInt64Data, {1, 2}),
                  kInvalid, "int64[3] needs 24 bytes"},
        BadTensor{"IntsTooFewInManyBytes",
                  w(DataType::kInt64, {3}).ints(fields::tensor::kInt64Data, {300, 300}), kInvalid,
                  "int64[3] needs 24 bytes but holds 16"},
        BadTensor{"NoData", w(DataType::kFloat32, {3}), kInvalid, "needs 12 bytes but holds 0"},
        BadTensor{"NegativeDim", w(DataType::kFloat32, {-2}).raw<float>({1, 2}), kInvalid,
                  "float32[-2] is negative"},
        BadTensor{"OverflowingDims", w(DataType::kFloat32, {kExa, kExa}).raw<float>({1}), kInvalid,
                  "larger than any memory"},
        BadTensor{"ExabytesOfRaw", w(DataType::kUInt8, {kExa}).raw<std::uint8_t>({1}), kInvalid,
                  "needs 288230376151711744 bytes but holds 1 bytes"},
        BadTensor{"ExabytesOfVarints",
                  w(DataType::kUInt8, {kExa}).ints(fields::tensor::kInt32Data, {1}), kInvalid,
                  "needs 288230376151711744 bytes but holds 1 encoded bytes"},
        BadTensor{"HugeRank", w(DataType::kFloat32, std::vector<std::int64_t>(65, 1)), kUnsupported,
                  "has 65 dims; at most 64"},
        BadTensor{"NoType", w(DataType::kUndefined, {1}), kInvalid, "element type 0"},
        BadTensor{"UnknownType", w(static_cast<DataType>(99), {1}), kInvalid, "element type 99"},
        BadTensor{"Strings", w(DataType::kString, {1}), kUnsupported, "holds strings"},
        BadTensor{"Segment", w(DataType::kFloat32, {1}).raw<float>({1}).segment(), kUnsupported,
                  "segments"},
        BadTensor{"WrongField", w(DataType::kFloat32, {1}).ints(fields::tensor::kInt64Data, {1}),
                  kInvalid, "keeps its elements in float_data, but int64_data is filled"},
        BadTensor{"RawAndTyped", w(DataType::kFloat32, {1}).raw<float>({1}).floats({1}), kInvalid,
                  "both raw_data and typed data"},
        BadTensor{"OutOfRange", w(DataType::kInt8, {1}).ints(fields::tensor::kInt32Data, {256}),
                  kInvalid, "int8[1] holds 256"},
        BadTensor{"BoolOfTwo", w(DataType::kBool, {1}).raw<std::uint8_t>({2}), kInvalid,
                  "neither 0 nor 1"},
        BadTensor{"ExternalWithoutFolder", w(DataType::kFloat32, {1}).external({}), kUnsupported,
                  "another file"}),
    [](const auto& suite_info) { return suite_info.param.what; });

TEST(OnnxTensor, AVarintCutShortIsMalformed) {
  TensorWriter writer = w(DataType::kInt64, {1});
  std::string bytes = writer.bytes();
  protozero::pbf_writer(bytes).add_bytes(fields::tensor::kInt64Data, "\xff");
  auto message = importers::parse_tensor(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_THAT(importers::make_tensor(*message, {}).status().message(),
              HasSubstr("TensorProto is malformed"));
}

}  // namespace
}  // namespace mini_infer::test
