#include "cli/command.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

CommandResult mini_infer(const std::vector<std::string>& arguments,
                         const std::filesystem::path& output) {
  const TempFolder folder;
  std::string line = quoted(MINI_INFER_BINARY_DIR "/mini-infer");
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  line += " >" + quoted(output.empty() ? folder / "out" : output) + " 2>" + quoted(folder / "err");
  const int status = std::system(line.c_str());
  CommandResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read(folder / "out");
  result.err = read(folder / "err");
  return result;
}

std::filesystem::path lenet5() { return MINI_INFER_SOURCE_DIR "/tests/data/lenet5"; }
std::string lenet5_model() { return lenet5() / "model.onnx"; }

}  // namespace mini_infer::test
