#include "importers/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "importers/model_writer.h"
#include "importers/npy.h"
#include "importers/temp_folder.h"
#include "importers/zip.h"

namespace mini_infer::test {
namespace {

using core::Status;
using core::Tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
Tensor tensor_of(DataType type, core::Shape shape, const std::vector<T>& values) {
  return Tensor::from<T>(type, std::move(shape), values);
}

// A .npy file of version 1 (or 2, 3) with this dict and data.
std::string npy(const std::string& dict, std::string_view data, char version = 1) {
  std::string file = std::string("\x93NUMPY") + version + '\0';
  const auto length = static_cast<std::uint32_t>(dict.size());
  file.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
  return file + dict + std::string(data);
}

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

constexpr const char* kRow = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

class TensorFile : public ::testing::Test {
 protected:
  core::Result<Tensor> read(const std::string& name, const std::string& bytes) const {
    return importers::read_tensor(folder_.write(name, bytes));
  }
  void expect_refused(const std::string& npy_bytes, Status::Code code,
                      const std::string& message) const {
    const auto tensor = read("bad.npy", npy_bytes);
    EXPECT_EQ(tensor.status().code(), code) << tensor.status().to_string();
    EXPECT_THAT(tensor.status().message(), HasSubstr((folder_ / "bad.npy").string()));
    EXPECT_THAT(tensor.status().message(), HasSubstr(message));
  }

  TempFolder folder_;
};

TEST_F(TensorFile, PbHoldsATensorProto) {
  auto tensor = read("x.pb", TensorWriter("x", DataType::kFloat32, {2}).raw<float>({1, 2}).bytes());
  ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
  EXPECT_EQ(tensor->shape(), core::Shape{2});
  EXPECT_THAT(tensor->aligned().as<float>(), ElementsAre(1, 2));
}

TEST_F(TensorFile, PbThatHoldsNoTensorIsRefused) {
  std::string sequence;
  protozero::pbf_writer writer(sequence);
  writer.add_int32(2, 1);  // SequenceProto.elem_type = TENSOR
  writer.add_message(3, TensorWriter("", DataType::kFloat32, {1}).raw<float>({1}).bytes());
  EXPECT_EQ(read("s.pb", sequence).status(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(read("s.pb", sequence).status().message(), HasSubstr("sequence"));
  EXPECT_EQ(read("t.pb", "hello").status(), Status::ERROR_INVALID_ARGUMENT);
}

TEST_F(TensorFile, OtherExtensionsAreRefused) {
  EXPECT_THAT(read("x.txt", "x").status().message(), HasSubstr("ends in .pb or .npy"));
  EXPECT_EQ(importers::read_tensor(folder_ / "none.npy").status(), Status::ERROR_IO);
}

TEST_F(TensorFile, NpyIsWrittenAndReadBack) {
  const std::vector<Tensor> tensors = {
      tensor_of<float>(DataType::kFloat32, {2, 1, 2}, {1, 2, 3, 4}),
      tensor_of<double>(DataType::kFloat64, {}, {0.5}),
      tensor_of<std::int64_t>(DataType::kInt64, {2}, {-1, 2}),
      tensor_of<std::int8_t>(DataType::kInt8, {0, 3}, {}),
      tensor_of<std::uint8_t>(DataType::kBool, {2}, {1, 0}),
      tensor_of<std::uint16_t>(DataType::kFloat16, {1}, {0x3c00}),
      tensor_of<float>(DataType::kComplex64, {1}, {1, 2}),
  };
  for (const Tensor& tensor : tensors) {
    ASSERT_TRUE(importers::write_npy(folder_ / "t.npy", tensor).ok());
    auto back = importers::read_tensor(folder_ / "t.npy");
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    EXPECT_EQ(back->type(), tensor.type());
    EXPECT_EQ(back->shape(), tensor.shape());
    EXPECT_TRUE(std::equal(back->bytes().begin(), back->bytes().end(), tensor.bytes().begin(),
                           tensor.bytes().end()));
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(TensorFile, NpyHeaderIsAsNumpyWantsIt) {
  const Tensor tensor = tensor_of<std::int32_t>(DataType::kInt32, {1}, {5});
  ASSERT_TRUE(importers::write_npy(folder_ / "t.npy", tensor).ok());
  std::ifstream file(folder_ / "t.npy", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(bytes.size(), 128u + 4u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_THAT(bytes, HasSubstr("{'descr': '<i4', 'fortran_order': False, 'shape': (1, ), }"));
  EXPECT_EQ(bytes[127], '\n');
}

TEST_F(TensorFile, WritingWhatNumpyLacksOrWhereNoFolderIs) {
  const Tensor bf16 = tensor_of<std::uint16_t>(DataType::kBFloat16, {1}, {1});
  EXPECT_THAT(importers::write_npy(folder_ / "t.npy", bf16).message(),
              HasSubstr("numpy has no type for bfloat16"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "t.npy"));
  const Tensor tensor = tensor_of<float>(DataType::kFloat32, {1}, {1});
  EXPECT_EQ(importers::write_npy(folder_ / "none/t.npy", tensor), Status::ERROR_IO);
  std::filesystem::create_directory(folder_ / "taken.npy");
  EXPECT_EQ(importers::write_npy(folder_ / "taken.npy", tensor), Status::ERROR_IO);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1)
      << "nothing half written may stay behind";
}

TEST_F(TensorFile, NpyVersionsAndSpellings) {
  for (char version : {'\1', '\2', '\3'}) {
    auto tensor = read("x.npy", npy(kRow, floats({1, 2}), version));
    ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
    EXPECT_THAT(tensor->aligned().as<float>(), ElementsAre(1, 2));
  }
  auto other =
      read("x.npy", npy("{\"shape\":(1,1),\"fortran_order\":True , 'descr':'|u1'}\n", "a"));
  ASSERT_TRUE(other.ok()) << other.status().to_string();
  EXPECT_EQ(other->shape(), (core::Shape{1, 1}));
}

TEST_F(TensorFile, FortranOrderIsTurnedIntoRowMajor) {
  const char* dict = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 2), }";
  auto tensor = read("x.npy", npy(dict, floats({0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11})));
  ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
  EXPECT_THAT(tensor->as<float>(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  const char* empty = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 0), }";
  EXPECT_TRUE(read("x.npy", npy(empty, "")).ok());
}

TEST_F(TensorFile, BrokenNpyIsRefused) {
  const auto kInvalid = Status::ERROR_INVALID_ARGUMENT;
  auto dict = [](const std::string& descr, const std::string& shape) {
    return npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}",
               floats({1, 2}));
  };
  expect_refused("hello, I am no array at all", kInvalid, "no .npy array");
  expect_refused(npy(kRow, floats({1})), kInvalid, "float32[2] does not match its 4 bytes");
  expect_refused(npy(kRow, floats({1, 2, 3})), kInvalid, "does not match its 12 bytes");
  expect_refused(npy(kRow, "", 4), Status::ERROR_UNSUPPORTED, ".npy version 4");
  expect_refused(npy("{'descr': '<f4'}", ""), kInvalid, "header is not what numpy writes");
  expect_refused(npy("{'descr': '<f4", ""), kInvalid, "header is not what numpy writes");
  expect_refused(npy("{", ""), kInvalid, "header is not what numpy writes");
  expect_refused(dict("'<f4'", "(-2,)"), kInvalid, "float32[-2] does not match");
  expect_refused(dict("'<f4'", "(4611686018427387904, 4)"), kInvalid, "does not match");
  expect_refused(dict("'<f4'", "(99999999999999999999,)"), kInvalid, "not what numpy writes");
  expect_refused(dict("'<f4'", "(2"), kInvalid, "not what numpy writes");
  expect_refused(dict("'>f4'", "(2,)"), Status::ERROR_UNSUPPORTED, "type '>f4'");
  expect_refused(dict("'<U2'", "(1,)"), Status::ERROR_UNSUPPORTED, "type '<U2'");
  expect_refused(dict("[('a', '<f4')]", "(2,)"), Status::ERROR_UNSUPPORTED, "structured type");
  expect_refused(dict("'|b1'", "(8,)"), kInvalid, "neither 0 nor 1");
  const std::string good = npy(kRow, floats({1, 2}));
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(read("cut.npy", good.substr(0, size)).ok()) << "cut at " << size;
  }
}

// Writes zip archives, entry by entry.
class ZipWriter {
 public:
  ZipWriter& stored(const std::string& name, const std::string& data) {
    return entry(name, data, data, 0);
  }
  ZipWriter& deflated(const std::string& name, const std::string& data) {
    std::string packed(data.size() + 100, '\0');
    z_stream stream = {};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return entry(name, data, packed, 8);
  }
  ZipWriter& entry(const std::string& name, const std::string& data, const std::string& packed,
                   int method, std::uint32_t claimed_size = 0, int flags = 0) {
    const std::uint64_t crc = crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());
    const std::size_t size = claimed_size != 0 ? claimed_size : data.size();
    const std::size_t offset = local_.size();
    std::string facts;
    for (std::uint64_t value : {crc, std::uint64_t{packed.size()}, std::uint64_t{size}}) {
      facts += number(value, 4);
    }
    facts += number(name.size(), 2) + number(0, 2);
    const std::string start = number(20, 2) + number(static_cast<std::uint64_t>(flags), 2) +
                              number(static_cast<std::uint64_t>(method), 2) + number(0, 4);
    local_ += "PK\3\4" + start + facts + name + packed;
    directory_ +=
        "PK\1\2" + number(20, 2) + start + facts + number(0, 10) + number(offset, 4) + name;
    ++count_;
    return *this;
  }
  std::string bytes() const {
    return local_ + directory_ + "PK\5\6" + number(0, 4) + number(count_, 2) + number(count_, 2) +
           number(directory_.size(), 4) + number(local_.size(), 4) + number(0, 2);
  }

 private:
  static std::string number(std::uint64_t value, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
      text += static_cast<char>(i < 8 ? (value >> (8 * i)) & 0xff : 0);
    }
    return text;
  }

  std::string local_, directory_;
  std::uint64_t count_ = 0;
};

class NpzFile : public TensorFile {
 protected:
  core::Result<std::vector<importers::NamedTensor>> read_zip(const std::string& bytes) const {
    return importers::read_npz(folder_.write("x.npz", bytes));
  }
  void expect_zip_refused(const std::string& bytes, Status::Code code,
                          const std::string& message) const {
    const auto arrays = read_zip(bytes);
    EXPECT_EQ(arrays.status().code(), code) << arrays.status().to_string();
    EXPECT_THAT(arrays.status().message(), HasSubstr(message));
  }
};

TEST_F(NpzFile, HoldsStoredAndDeflatedArraysByName) {
  auto arrays = read_zip(ZipWriter()
                             .stored("a.npy", npy(kRow, floats({1, 2})))
                             .deflated("b.npy", npy(kRow, floats({3, 4})))
                             .bytes());
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  ASSERT_EQ(arrays->size(), 2u);
  EXPECT_EQ((*arrays)[0].first, "a");
  EXPECT_THAT((*arrays)[0].second.aligned().as<float>(), ElementsAre(1, 2));
  EXPECT_EQ((*arrays)[1].first, "b");
  EXPECT_THAT((*arrays)[1].second.aligned().as<float>(), ElementsAre(3, 4));
  EXPECT_TRUE(read_zip(ZipWriter().bytes()).ok()) << "an archive without arrays is one";
}

TEST_F(NpzFile, BrokenArchivesAreRefused) {
  const auto kInvalid = Status::ERROR_INVALID_ARGUMENT;
  const auto kUnsupported = Status::ERROR_UNSUPPORTED;
  const std::string array = npy(kRow, floats({1, 2}));
  expect_zip_refused("not a zip archive, not at all", kInvalid, "no zip archive");
  expect_zip_refused(ZipWriter().entry("a", array, array, 0, 7).bytes(), kInvalid,
                     "sizes disagree");
  expect_zip_refused(ZipWriter().entry("a", "x", array, 0, 75).bytes(), kInvalid, "checksum");
  expect_zip_refused(ZipWriter().entry("a", array, array, 8).bytes(), kInvalid, "does not unpack");
  expect_zip_refused(ZipWriter().entry("a", "x", "x", 8, 0xf0000000).bytes(), kInvalid,
                     "more than deflate can pack");
  expect_zip_refused(ZipWriter().entry("a", array, array, 0, 0xffffffff).bytes(), kUnsupported,
                     "zip64");
  expect_zip_refused(ZipWriter().entry("a", array, array, 12).bytes(), kUnsupported, "packing 12");
  expect_zip_refused(ZipWriter().entry("a", array, array, 0, 0, 1).bytes(), kUnsupported,
                     "encrypted");
  expect_zip_refused(ZipWriter().stored("a", array).stored("a", array).bytes(), kInvalid,
                     "array 'a' is there twice");
  expect_zip_refused(ZipWriter().stored("notes.txt", "hello").bytes(), kInvalid,
                     "array 'notes.txt': no .npy array");
}

TEST_F(NpzFile, AnyDamagedByteIsRefusedOrHarmless) {
  auto parse = [](const std::string& bytes) {
    // A copy of exactly this size, so that sanitisers see every byte read beyond the end.
    const std::shared_ptr<std::byte[]> copy(new std::byte[bytes.size()]);
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    const auto entries = importers::read_zip({{copy.get(), bytes.size()}, copy});
    bool ok = entries.ok();
    for (std::size_t i = 0; entries.ok() && i < entries->size(); ++i) {
      ok &= importers::parse_npy((*entries)[i].data).ok();
    }
    return ok;
  };
  const std::string good = ZipWriter()
                               .stored("a.npy", npy(kRow, floats({1, 2})))
                               .deflated("b.npy", npy(kRow, floats({3, 4})))
                               .bytes();
  EXPECT_TRUE(parse(good));
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char damage : {'\0', '\x7f', '\xff'}) {
      std::string bytes = good;
      bytes[i] = damage;
      refused += parse(bytes) ? 0 : 1;
    }
    EXPECT_FALSE(parse(good.substr(0, i))) << "cut at " << i;
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace mini_infer::test
