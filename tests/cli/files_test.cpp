#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "cli/command.h"
#include "importers/temp_folder.h"

namespace mini_infer::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kOneDigit = "--shapes=image:1x1x28x28";

// Writes buffers for solve and a certificate for check into `folder`.
std::vector<std::vector<std::string>> one_line_of_each_verb(const TempFolder& folder) {
  const std::string certificate = folder / "plan.json";
  EXPECT_EQ(mini_infer({"plan", lenet5_model(), kOneDigit, "--certificate", certificate}).exit_code,
            0);
  return {{"plan", lenet5_model(), kOneDigit},
          {"run", lenet5_model(), kOneDigit, "--random=0"},
          {"verify", lenet5()},
          {"bench", lenet5_model(), kOneDigit, "--duration=0", "--warmUp=0"},
          {"inspect", lenet5_model()},
          {"solve", folder.write("buffers.csv", "id,lower,upper,size\na,0,2,100\n")},
          {"check", certificate}};
}

TEST(Output, ThatCannotBeWrittenIsAnErrorOfEveryVerb) {
  const TempFolder folder;
  for (std::vector<std::string> line : one_line_of_each_verb(folder)) {
    for (const bool json : {false, true}) {
      SCOPED_TRACE(line.front() + (json ? " --json" : ""));
      if (json) line.emplace_back("--json");
      EXPECT_EQ(mini_infer(line).exit_code, 0);
      const CommandResult full = mini_infer(line, "/dev/full");
      EXPECT_EQ(full.exit_code, 1);
      EXPECT_EQ(full.err,
                "mini-infer: error: the standard output cannot be written: "
                "No space left on device\n");
    }
  }
  EXPECT_EQ(mini_infer({"--help"}, "/dev/full").exit_code, 1);
}

TEST(Output, ToTheStandardOutputIsWrittenThere) {
  const TempFolder folder;
  const CommandResult result =
      mini_infer({"plan", lenet5_model(), kOneDigit, "--certificate=/dev/stdout"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("mini-infer.certificate"));
  EXPECT_THAT(result.out, HasSubstr("lower bound"));
  EXPECT_EQ(result.err,
            "mini-infer: warning: the write to '/dev/stdout' is not atomic: it is no regular "
            "file\n");
}

TEST(Output, ThatCannotBeMadeIsRefusedBeforeAnyWork) {
  const TempFolder folder;
  const std::string none = folder / "none/file", file = folder.write("file", "");
  // The model is not there either; but what is said first is that the output cannot be.
  for (const std::vector<std::string>& line : {
           std::vector<std::string>{"plan", "no.onnx", "--certificate", none},
           {"bench", "no.onnx", "--exportProfile", none},
           {"run", "no.onnx", "--output-dir", file + "/folder"},
           {"solve", folder.write("none.csv", "id,lower,upper,size\n"), "--output", none},
       }) {
    const CommandResult result = mini_infer(line);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(folder.path().string())) << line.front();
  }
}

class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {MINI_INFER_BINARY_DIR "/mini-infer"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    // Whoever runs the tests may ignore interrupts; the tool then would, too.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &interrupt);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    EXPECT_EQ(posix_spawn(&process_, pointers[0], nullptr, &attributes, pointers.data(), environ),
              0);
    posix_spawnattr_destroy(&attributes);
  }

  // False if the process ends without having made one.
  bool waits_with_a_file_in(const fs::path& folder) const {
    while (fs::is_empty(folder)) {
      if (::waitpid(process_, nullptr, WNOHANG) != 0) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  // Sends the signal; returns the one that ended the process, 0 if none did.
  int end_by(int signal) {
    ::kill(process_, signal);
    int status = 0;
    ::waitpid(process_, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t process_ = 0;
};

TEST(Output, BegunIsRemovedWhenASignalEndsTheTool) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TempFolder folder;
    Running bench({"bench", lenet5_model(), kOneDigit, "--duration=600", "--exportProfile",
                   folder / "profile.json"});
    ASSERT_TRUE(bench.waits_with_a_file_in(folder.path()));
    EXPECT_EQ(bench.end_by(signal), signal);
    EXPECT_TRUE(fs::is_empty(folder.path()));
  }
}

}  // namespace
}  // namespace mini_infer::test
