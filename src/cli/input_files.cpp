#include "cli/input_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/try.h"
#include "importers/tensor_file.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using importers::NamedTensor;

bool is_npz(const std::string& path) { return std::filesystem::path(path).extension() == ".npz"; }

Status add(Tensors& tensors, const std::string& name, core::Tensor tensor) {
  if (tensors.emplace(name, std::move(tensor)).second) return Status::SUCCESS;
  return {Status::ERROR_INVALID_ARGUMENT, "--input: '" + name + "' is given twice"};
}

core::Result<core::Tensor> read_array(const std::string& path, const std::string& name) {
  MI_ASSIGN(std::vector<NamedTensor> arrays, importers::read_npz(path));
  const auto named = std::find_if(arrays.begin(), arrays.end(),
                                  [&](const NamedTensor& array) { return array.first == name; });
  if (named != arrays.end()) return named->second;
  if (arrays.size() == 1) return arrays.front().second;
  return {Status::ERROR_INVALID_ARGUMENT, path + ": has " + std::to_string(arrays.size()) +
                                              " arrays and none is called '" + name + "'"};
}

Status read_input(Tensors& tensors, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos && is_npz(text)) {
    MI_ASSIGN(std::vector<NamedTensor> arrays, importers::read_npz(text));
    for (auto& [name, tensor] : arrays) MI_TRY(add(tensors, name, std::move(tensor)));
    return Status::SUCCESS;
  }
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "--input: expected NAME=FILE or FILE.npz, found '" + text + "'"};
  }
  const std::string name = text.substr(0, equals);
  const std::string path = text.substr(equals + 1);
  MI_ASSIGN(core::Tensor tensor,
            is_npz(path) ? read_array(path, name) : importers::read_tensor(path));
  return add(tensors, name, std::move(tensor));
}

}  // namespace

core::Result<Tensors> read_inputs(const std::vector<std::string>& texts) {
  Tensors tensors;
  for (const std::string& text : texts) MI_TRY(read_input(tensors, text));
  return tensors;
}

core::Result<std::string> read_text(const std::string& path, const std::string& expected) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(path, unknown)) {
    std::ifstream stream(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), {});
    if (stream.is_open() && !stream.bad()) return text;
  }
  return Status(Status::ERROR_IO, path + ": cannot be read; expected " + expected);
}

}  // namespace mini_infer::cli
