#include "cli/input_files.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

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

// The known name with which "name=file" begins, the longest one; else all up to the first sign.
std::optional<std::string> name_in(const std::string& text, const std::vector<std::string>& known) {
  std::optional<std::string> longest;
  for (const std::string& name : known) {
    if (text.starts_with(name + "=") && (!longest || name.size() > longest->size())) longest = name;
  }
  if (longest) return longest;
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  return text.substr(0, equals);
}

// All arrays under their own names; a single one may be that of the only input, whatever it is
// called.
Status read_arrays(Tensors& tensors, const std::string& path,
                   const std::vector<std::string>& names) {
  MI_ASSIGN(std::vector<NamedTensor> arrays, importers::read_npz(path));
  const bool only = arrays.size() == 1 && names.size() == 1;
  for (auto& [name, tensor] : arrays) {
    MI_TRY(add(tensors, only ? names.front() : name, std::move(tensor)));
  }
  return Status::SUCCESS;
}

Status read_input(Tensors& tensors, const std::string& text,
                  const std::vector<std::string>& names) {
  const std::optional<std::string> name = name_in(text, names);
  if (!name && is_npz(text)) return read_arrays(tensors, text, names);
  const bool only = !name && names.size() == 1 && std::filesystem::path(text).has_extension();
  const std::string path = name ? text.substr(name->size() + 1) : text;
  if ((!name && !only) || path.empty()) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "--input: expected NAME=FILE, FILE.npz, or FILE for a model with one input, found '" +
                text + "'"};
  }
  const std::string input = name.value_or(names.empty() ? "" : names.front());
  MI_ASSIGN(core::Tensor tensor,
            is_npz(path) ? read_array(path, input) : importers::read_tensor(path));
  return add(tensors, input, std::move(tensor));
}

// The input with whose name and a colon the text begins; of several the one with the longest name.
const graph::Value* input_before_colon(const graph::Graph& graph, std::string_view text) {
  const graph::Value* longest = nullptr;
  for (const graph::ValueId id : graph.inputs) {
    const graph::Value& input = graph.value(id);
    const bool longer = longest == nullptr || input.name.size() > longest->name.size();
    if (longer && text.starts_with(input.name + ":")) longest = &input;
  }
  return longest;
}

core::Result<core::Tensor> load_elements(const graph::Value& input, const std::string& path) {
  if (!input.shape) {
    return {Status::ERROR_INVALID_ARGUMENT, "--loadInputs: the shape of input '" + input.name +
                                                "' is not known; give it with --shapes"};
  }
  MI_ASSIGN(const std::string bytes, read_text(path, "the elements of '" + input.name + "'"));
  MI_ASSIGN(core::Tensor tensor, core::Tensor::allocate(input.type, *input.shape));
  if (bytes.size() != tensor.size_bytes()) {
    return {Status::ERROR_INVALID_ARGUMENT,
            path + ": expected the " + std::to_string(tensor.size_bytes()) + " bytes of " +
                core::type_name(input.type) + input.shape->to_string() + ", found " +
                std::to_string(bytes.size())};
  }
  std::memcpy(tensor.mutable_bytes().data(), bytes.data(), bytes.size());
  return tensor;
}

}  // namespace

core::Result<Tensors> read_inputs(const std::vector<std::string>& texts,
                                  const std::vector<std::string>& names) {
  Tensors tensors;
  for (const std::string& text : texts) MI_TRY(read_input(tensors, text, names));
  return tensors;
}

Status load_inputs(const std::vector<std::string>& texts, const graph::Graph& graph,
                   Tensors& tensors) {
  for (const std::string& text : texts) {
    for (std::string_view rest = text; !rest.empty();) {
      const graph::Value* input = input_before_colon(graph, rest);
      if (input == nullptr) {
        return {Status::ERROR_INVALID_ARGUMENT,
                "--loadInputs: expected INPUT:FILE of an input of the model, found '" +
                    std::string(rest) + "'"};
      }
      rest.remove_prefix(input->name.size() + 1);
      const std::string path(rest.substr(0, rest.find(',')));
      rest.remove_prefix(std::min(rest.size(), path.size() + 1));
      MI_ASSIGN(core::Tensor tensor, load_elements(*input, path));
      MI_TRY(add(tensors, input->name, std::move(tensor)));
    }
  }
  return Status::SUCCESS;
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
