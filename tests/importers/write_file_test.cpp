#include "importers/write_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "importers/temp_folder.h"
#include "mini_infer/core/log.h"

namespace mini_infer::test {
namespace {

namespace fs = std::filesystem;
using core::Status;
using importers::OutputFile;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), {});
}

ino_t inode_of(const fs::path& path) {
  struct stat facts = {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
  return facts.st_ino;
}

mode_t mode_of(const fs::path& path) {
  struct stat facts = {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 07777;
}

class WriteFile : public testing::Test {
 protected:
  WriteFile() {
    core::set_log_callback([this](core::LogLevel, std::string_view line) { log_ += line; });
  }
  ~WriteFile() override { core::set_log_callback({}); }

  static Status write(const fs::path& path, std::string_view text) {
    const std::string_view parts[] = {text, "\n"};
    return importers::write_file(path, parts);
  }

  // The new content came in one moment, as another file of the same name.
  void expect_replaced(const fs::path& written, const fs::path& file) {
    const ino_t before = inode_of(file);
    EXPECT_EQ(write(written, "new"), Status::SUCCESS);
    EXPECT_EQ(text_of(file), "new\n");
    EXPECT_NE(inode_of(file), before);
    EXPECT_THAT(log_, IsEmpty());
  }

  // The file is the same one as before, and the log says that its readers may have seen a part.
  void expect_written_in_place(const fs::path& written, const std::string& reason) {
    const ino_t before = inode_of(written);
    const auto files = files_in(folder_.path());
    EXPECT_EQ(write(written, "new"), Status::SUCCESS);
    EXPECT_EQ(text_of(written), "new\n");
    EXPECT_EQ(inode_of(written), before);
    EXPECT_EQ(files_in(folder_.path()), files) << "nothing else stays behind";
    EXPECT_THAT(log_, HasSubstr("the write to '" + written.string() + "' is not atomic: "));
    EXPECT_THAT(log_, HasSubstr(reason));
  }

  TempFolder folder_;
  std::string log_;
};

TEST_F(WriteFile, ANewFileHasTheModeThatTheUmaskAllows) {
  const mode_t before = ::umask(027);
  EXPECT_EQ(write(folder_ / "new", "text"), Status::SUCCESS);
  ::umask(before);
  EXPECT_EQ(text_of(folder_ / "new"), "text\n");
  EXPECT_EQ(mode_of(folder_ / "new"), 0640u);
  EXPECT_EQ(files_in(folder_.path()), 1);
}

TEST_F(WriteFile, AReplacedFileKeepsItsModeAndOwner) {
  const fs::path file = folder_.write("secret", "old");
  ::chmod(file.c_str(), 0600);
  const bool given_away = ::chown(file.c_str(), 12345, 23456) == 0;  // as root only
  expect_replaced(file, file);
  struct stat facts = {};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  EXPECT_EQ(facts.st_uid, given_away ? 12345 : ::getuid());
  EXPECT_EQ(facts.st_gid, given_away ? 23456 : ::getgid());
}

TEST_F(WriteFile, LinksAreFollowedAndStay) {
  fs::create_directory(folder_ / "deep");
  const fs::path file = folder_.write("deep/file", "old");
  fs::create_symlink("deep/file", folder_ / "first");
  fs::create_symlink(folder_ / "first", folder_ / "second");
  expect_replaced(folder_ / "second", file);
  EXPECT_TRUE(fs::is_symlink(folder_ / "second"));
  fs::create_symlink("not/there", folder_ / "broken");
  EXPECT_EQ(write(folder_ / "broken", "new"), Status::ERROR_IO);
  fs::create_symlink("deep/made", folder_ / "ahead");
  EXPECT_EQ(write(folder_ / "ahead", "new"), Status::SUCCESS);
  EXPECT_EQ(text_of(folder_ / "deep/made"), "new\n");
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_THAT(write(folder_ / "loop", "new").message(), HasSubstr("symbolic links"));
}

TEST_F(WriteFile, SeveralHardLinksStayOneFile) {
  const fs::path file = folder_.write("file", "a longer text than the new one");
  fs::create_hard_link(file, folder_ / "other");
  expect_written_in_place(file, "it has 2 links");
  EXPECT_EQ(text_of(folder_ / "other"), "new\n");
}

TEST_F(WriteFile, APipeIsWrittenNotReplaced) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = text_of(pipe); });
  EXPECT_EQ(write(pipe, "new"), Status::SUCCESS);
  reader.join();
  EXPECT_EQ(read, "new\n");
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_THAT(log_, HasSubstr("it is no regular file"));
}

TEST_F(WriteFile, ADeviceStaysOne) {
  EXPECT_EQ(write("/dev/null", "new"), Status::SUCCESS);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(write("/dev/full", "new"), Status::ERROR_IO);
}

// Whose folder may not be written: as root such a one has to be met as somebody else.
TEST_F(WriteFile, InAFolderThatCannotBeWrittenAFileIsWrittenInPlace) {
  const fs::path file = folder_.write("file", "old");
  const fs::path locked = folder_.write("locked", "old");
  ::chmod(file.c_str(), 0666);
  ::chmod(locked.c_str(), 0444);
  ::chmod(folder_.path().c_str(), 0555);
  const bool root = ::geteuid() == 0;
  ASSERT_TRUE(!root || ::seteuid(65534) == 0);
  expect_written_in_place(file, "Permission denied");
  EXPECT_EQ(write(folder_ / "new", "new"), Status::ERROR_IO);
  EXPECT_EQ(write(locked, "new"), Status::ERROR_IO);
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  ::chmod(folder_.path().c_str(), 0755);
  EXPECT_EQ(text_of(locked), "old");
}

TEST_F(WriteFile, AFileThatIsAMountIsWrittenInPlace) {
  const fs::path below = folder_.write("below", "old"), mount = folder_.write("mount", "");
  if (::mount(below.c_str(), mount.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "only root may mount";
  }
  expect_written_in_place(mount, "busy");
  EXPECT_EQ(text_of(below), "new\n");
  ASSERT_EQ(::umount(mount.c_str()), 0);
}

TEST_F(WriteFile, AnOpenFileKeepsItsContentUntilItIsWritten) {
  const fs::path file = folder_.write("file", "old");
  {
    const auto opened = OutputFile::open(file);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(text_of(file), "old");
  }
  EXPECT_EQ(text_of(file), "old");
  EXPECT_EQ(files_in(folder_.path()), 1);
  for (const fs::path& wrong : {folder_.path(), folder_ / "none/file", folder_ / "new/"}) {
    EXPECT_EQ(OutputFile::open(wrong).status(), Status::ERROR_IO) << wrong;
  }
}

TEST_F(WriteFile, AProgramThatIsEndedRemovesWhatItHasBegun) {
  const fs::path file = folder_.write("file", "old");
  const auto first = OutputFile::open(file), second = OutputFile::open(folder_ / "new");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(files_in(folder_.path()), 3);
  importers::remove_partial_files();
  EXPECT_EQ(files_in(folder_.path()), 1);
  EXPECT_EQ(text_of(file), "old");
}

}  // namespace
}  // namespace mini_infer::test
