#include "importers/tensor_file.h"

#include <array>
#include <exception>
#include <new>
#include <set>
#include <string_view>

#include "core/try.h"
#include "importers/mapped_file.h"
#include "importers/npy.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/tensor_data.h"
#include "importers/write_file.h"
#include "importers/zip.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using core::Tensor;

// Runs `read` on the content of the file. Errors name the file; exceptions end here.
template <typename Read>
auto read_file(const std::filesystem::path& path, Read read) -> decltype(read(Region{})) {
  try {
    MI_ASSIGN(const FileDescriptor file, open_file(path));
    MI_ASSIGN(const Region content, read_whole(file, path.string()));
    auto result = read(content);
    if (result.ok()) return result;
    // A tensor is not a model: what breaks the format is the caller's file.
    const Status& status = result.status();
    const Status::Code code =
        status == Status::ERROR_INVALID_MODEL ? Status::ERROR_INVALID_ARGUMENT : status.code();
    return Status(code, path.string() + ": " + status.message());
  } catch (const std::bad_alloc&) {
    return Status(Status::ERROR_OUT_OF_MEMORY, "the host has no room for " + path.string());
  }
}

core::Result<Tensor> parse_pb(const Region& file) {
  const std::string_view text(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  MI_ASSIGN(const TensorMessage message, parse_tensor(text));
  auto tensor = make_tensor(message, {file.owner, nullptr});
  if (tensor.ok()) return tensor;
  return Status(tensor.status().code(),
                tensor.status().message() + " (only tensors are read: no sequence, no optional)");
}

core::Result<std::vector<NamedTensor>> parse_npz(const Region& file) {
  MI_ASSIGN(const std::vector<ZipEntry> entries, read_zip(file));
  constexpr std::string_view kSuffix = ".npy";
  std::vector<NamedTensor> tensors;
  std::set<std::string> names;
  for (const ZipEntry& entry : entries) {
    const std::string where = "array '" + entry.name + "'";
    auto tensor = parse_npy(entry.data);
    if (!tensor.ok()) return tensor.status().with_context(where);
    std::string name = entry.name;
    if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
    if (!names.insert(name).second) {
      return {Status::ERROR_INVALID_ARGUMENT, where + " is there twice"};
    }
    tensors.emplace_back(std::move(name), std::move(*tensor));
  }
  return tensors;
}

}  // namespace

core::Result<Tensor> read_tensor(const std::filesystem::path& path) {
  const std::filesystem::path extension = path.extension();
  if (extension == ".pb") return read_file(path, parse_pb);
  if (extension == ".npy") return read_file(path, parse_npy);
  return {Status::ERROR_INVALID_ARGUMENT,
          path.string() + ": a tensor file ends in .pb or .npy (several tensors: .npz)"};
}

core::Result<std::vector<NamedTensor>> read_npz(const std::filesystem::path& path) {
  return read_file(path, parse_npz);
}

Status write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  auto header = npy_header(tensor);
  if (!header.ok()) return header.status().with_context(path.string());
  const std::span<const std::byte> bytes = tensor.bytes();
  const std::array<std::string_view, 2> parts = {
      *header, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
  return write_file(path, parts);
}

}  // namespace mini_infer::importers
