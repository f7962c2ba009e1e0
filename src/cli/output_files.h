#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "importers/write_file.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"

namespace mini_infer::cli {

using NamedOutput = std::pair<std::string, core::Tensor>;

// Opens a file that an option names, before long work is done; null where `path` is empty.
[[nodiscard]] core::Result<std::unique_ptr<importers::OutputFile>> open_output(
    const std::string& path);

// `text` becomes the whole content.
[[nodiscard]] core::Status write_text(importers::OutputFile& file, const std::string& text);

// Makes the folder if it is not there. ERROR_IO if files cannot be made in it.
[[nodiscard]] core::Status make_output_folder(const std::filesystem::path& folder);

// Writes each tensor to its own .npy file in `folder`. A file has the output's name with "_" for
// what may mean something in a path, and a number where two would be the same. Returns the paths.
[[nodiscard]] core::Result<std::vector<std::filesystem::path>> write_outputs(
    const std::filesystem::path& folder, const std::vector<NamedOutput>& outputs);

}  // namespace mini_infer::cli
