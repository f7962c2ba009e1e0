#include "importers/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "core/try.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using Bytes = std::span<const std::byte>;

constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint16_t kEncrypted = 1;
constexpr std::uint32_t kInZip64 = 0xffffffff;
constexpr std::size_t kMaxComment = 0xffff;
constexpr std::size_t kMaxDeflateRatio = 1032;

// Offsets of the fields we read, from APPNOTE.TXT 4.3.
namespace end_record {
constexpr std::uint32_t kSignature = 0x06054b50;
constexpr std::size_t kEntries = 10, kDirectoryOffset = 16, kSize = 22;
}  // namespace end_record
namespace directory {
constexpr std::uint32_t kSignature = 0x02014b50;
constexpr std::size_t kFlags = 8, kMethod = 10, kCrc = 16, kPackedSize = 20, kUnpackedSize = 24,
                      kNameLength = 28, kExtraLength = 30, kCommentLength = 32, kLocalOffset = 42,
                      kSize = 46;
}  // namespace directory
namespace local {
constexpr std::uint32_t kSignature = 0x04034b50;
constexpr std::size_t kNameLength = 26, kExtraLength = 28, kSize = 30;
}  // namespace local

Status invalid(const std::string& message) { return {Status::ERROR_INVALID_ARGUMENT, message}; }
Status unsupported(const std::string& message) { return {Status::ERROR_UNSUPPORTED, message}; }

template <typename T>
T number_at(Bytes bytes, std::size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof(T));
  return number;
}

// `size` bytes from `offset` on; nullopt when they are not all there.
std::optional<Bytes> slice(Bytes bytes, std::size_t offset, std::size_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, size);
}

// A record of fixed size that starts with its signature.
std::optional<Bytes> record_at(Bytes bytes, std::size_t offset, std::size_t size,
                               std::uint32_t signature) {
  const auto record = slice(bytes, offset, size);
  if (!record || number_at<std::uint32_t>(*record, 0) != signature) return std::nullopt;
  return record;
}

// The end record is the last thing in the file, but a comment of unknown length follows it.
std::optional<Bytes> find_end_record(Bytes bytes) {
  if (bytes.size() < end_record::kSize) return std::nullopt;
  const std::size_t last = bytes.size() - end_record::kSize;
  for (std::size_t back = 0; back <= std::min(last, kMaxComment); ++back) {
    const auto record = record_at(bytes, last - back, end_record::kSize, end_record::kSignature);
    if (record) return record;
  }
  return std::nullopt;
}

struct PackedEntry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t packed_size = 0;
  std::uint32_t unpacked_size = 0;
  std::uint32_t local_offset = 0;
};

core::Result<PackedEntry> read_directory_entry(Bytes archive, std::size_t& offset) {
  const auto record = record_at(archive, offset, directory::kSize, directory::kSignature);
  if (!record) return invalid("the zip directory is broken");
  PackedEntry entry;
  entry.flags = number_at<std::uint16_t>(*record, directory::kFlags);
  entry.method = number_at<std::uint16_t>(*record, directory::kMethod);
  entry.crc = number_at<std::uint32_t>(*record, directory::kCrc);
  entry.packed_size = number_at<std::uint32_t>(*record, directory::kPackedSize);
  entry.unpacked_size = number_at<std::uint32_t>(*record, directory::kUnpackedSize);
  entry.local_offset = number_at<std::uint32_t>(*record, directory::kLocalOffset);
  const std::size_t name_length = number_at<std::uint16_t>(*record, directory::kNameLength);
  const auto name = slice(archive, offset + directory::kSize, name_length);
  if (!name) return invalid("the zip directory is cut short");
  entry.name.assign(reinterpret_cast<const char*>(name->data()), name->size());
  offset += directory::kSize + name_length +
            number_at<std::uint16_t>(*record, directory::kExtraLength) +
            number_at<std::uint16_t>(*record, directory::kCommentLength);
  return entry;
}

core::Result<Bytes> packed_bytes(Bytes archive, const PackedEntry& entry) {
  const auto header = record_at(archive, entry.local_offset, local::kSize, local::kSignature);
  if (!header) return invalid("its header is not where the directory says");
  const std::size_t data_at = std::size_t{entry.local_offset} + local::kSize +
                              number_at<std::uint16_t>(*header, local::kNameLength) +
                              number_at<std::uint16_t>(*header, local::kExtraLength);
  const auto data = slice(archive, data_at, entry.packed_size);
  if (!data) return invalid("its data ends beyond the file");
  return *data;
}

core::Result<Region> inflate_entry(Bytes packed, std::size_t unpacked_size) {
  if (unpacked_size / kMaxDeflateRatio > packed.size()) {
    return invalid("it claims to unpack to more than deflate can pack");
  }
  MI_ASSIGN(
      core::Tensor buffer,
      core::Tensor::allocate(core::DataType::kUInt8, {static_cast<std::int64_t>(unpacked_size)}));
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(buffer.mutable_bytes().data());
  stream.avail_out = static_cast<uInt>(unpacked_size);
  // Negative window bits: zip keeps deflate data without zlib's own header.
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return {Status::ERROR_OUT_OF_MEMORY, "no room to unpack it"};
  }
  const int result = ::inflate(&stream, Z_FINISH);
  ::inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.avail_out != 0 || stream.avail_in != 0) {
    return invalid("it does not unpack to the size it claims");
  }
  const Bytes bytes = buffer.bytes();
  return Region{bytes, std::make_shared<core::Tensor>(std::move(buffer))};
}

core::Result<Region> unpack(const Region& archive, const PackedEntry& entry) {
  if ((entry.flags & kEncrypted) != 0) return unsupported("it is encrypted");
  if (entry.packed_size == kInZip64 || entry.unpacked_size == kInZip64 ||
      entry.local_offset == kInZip64) {
    return unsupported("zip64 entries of 4 GiB and more");
  }
  MI_ASSIGN(const Bytes packed, packed_bytes(archive.bytes, entry));
  Region region{packed, archive.owner};
  if (entry.method == kDeflated) {
    MI_ASSIGN(region, inflate_entry(packed, entry.unpacked_size));
  } else if (entry.method != kStored) {
    return unsupported("zip packing " + std::to_string(entry.method));
  }
  if (region.bytes.size() != entry.unpacked_size) return invalid("its two sizes disagree");
  const auto* data = reinterpret_cast<const Bytef*>(region.bytes.data());
  if (::crc32_z(0, data, region.bytes.size()) != entry.crc) return invalid("its checksum is wrong");
  return region;
}

}  // namespace

core::Result<std::vector<ZipEntry>> read_zip(const Region& archive) {
  const auto end = find_end_record(archive.bytes);
  if (!end) return invalid("no zip archive, or cut short");
  std::size_t offset = number_at<std::uint32_t>(*end, end_record::kDirectoryOffset);
  if (offset == kInZip64) return unsupported("zip64 archives of 4 GiB and more");
  std::vector<ZipEntry> entries;
  for (int left = number_at<std::uint16_t>(*end, end_record::kEntries); left > 0; --left) {
    MI_ASSIGN(PackedEntry packed, read_directory_entry(archive.bytes, offset));
    auto data = unpack(archive, packed);
    if (!data.ok()) return data.status().with_context("zip entry '" + packed.name + "'");
    entries.push_back({std::move(packed.name), std::move(*data)});
  }
  return entries;
}

}  // namespace mini_infer::importers
