#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mini_infer::test {

struct CommandResult {
  int exit_code = -1;  // 128 + the signal when one ended it
  std::string out;
  std::string err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

// Runs the built tool, its output going to files, so that it sees no terminal. What goes to another
// `output` than a file of this function's own is not read back.
CommandResult mini_infer(const std::vector<std::string>& arguments,
                         const std::filesystem::path& output = {});

// tests/data/lenet5, with a batch of ten digits from 0 to 9.
std::filesystem::path lenet5();
std::string lenet5_model();

}  // namespace mini_infer::test
