#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mini_infer/core/status.h"

// The folders that ONNX keeps its own tests in: model.onnx, and test_data_set_N with input_K.pb and
// output_K.pb for the K-th input and output of the graph.
namespace mini_infer::cli {

struct DataSet {
  std::string name;
  std::vector<std::filesystem::path> inputs;   // by K, up to the first that is missing
  std::vector<std::filesystem::path> outputs;  // likewise
};

// Those among `roots` that hold a model.onnx, and for the others, those below them, at most two
// levels down; sorted within each root. ERROR_INVALID_ARGUMENT names a root that has none.
core::Result<std::vector<std::filesystem::path>> find_test_folders(
    const std::vector<std::string>& roots);

// By N, ascending.
std::vector<DataSet> find_data_sets(const std::filesystem::path& folder);

}  // namespace mini_infer::cli
