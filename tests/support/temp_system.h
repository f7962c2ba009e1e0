#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mini_infer::test {

// A folder that stands for "/": files of /proc and of control groups as a test wants them.
class TempSystem {
 public:
  TempSystem() {
    std::string name = (std::filesystem::temp_directory_path() / "mini_infer_XXXXXX").string();
    root_ = mkdtemp(name.data());
  }
  ~TempSystem() { std::filesystem::remove_all(root_); }
  TempSystem(const TempSystem&) = delete;
  TempSystem& operator=(const TempSystem&) = delete;

  const std::filesystem::path& root() const { return root_; }

  TempSystem& write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return *this;
  }

  // Version 2 alone, mounted as usual, with the process in `group`.
  TempSystem& version_2(const std::string& group) {
    write("proc/self/cgroup", "0::" + group + "\n");
    return write("proc/self/mountinfo",
                 "24 30 0:22 / /proc rw - proc proc rw\n"
                 "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  }

  // Version 1, each controller with a mount that shows `shown`, with the process in `group`.
  TempSystem& version_1(const std::string& group, const std::string& shown = "/") {
    write("proc/self/cgroup", "5:memory:" + group + "\n4:cpu,cpuacct:" + group + "\n0::/\n");
    return write("proc/self/mountinfo",
                 "33 32 0:29 " + shown +
                     " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                     "34 32 0:30 " +
                     shown + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  }

 private:
  std::filesystem::path root_;
};

}  // namespace mini_infer::test
