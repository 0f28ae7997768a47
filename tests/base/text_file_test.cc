#include "server/base/text_file.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>

#include "tests/support/temp_directory.h"

namespace duet {
namespace {

namespace fs = std::filesystem;

class TextFileTest : public ::testing::Test {
 protected:
  std::string Path(const char* name) const { return directory_.path(name); }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()));
  }

  const testing::TempDirectory directory_;
};

TEST_F(TextFileTest, ReadsWhatWasWrittenUpToTheBound) {
  ASSERT_TRUE(ReplaceFileBlocking(Path("a"), "12345").ok());
  EXPECT_EQ(*ReadFileBlocking(Path("a"), 5), "12345");
  EXPECT_EQ(ReadFileBlocking(Path("a"), 4).status().message(), "longer than 4 bytes");
  ASSERT_TRUE(ReplaceFileBlocking(Path("a"), "").ok());
  EXPECT_EQ(*ReadFileBlocking(Path("a"), 0), "");
}

TEST_F(TextFileTest, SaysWhyItCannotBeRead) {
  EXPECT_EQ(ReadFileBlocking(Path("a"), 5).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadFileBlocking(directory_.path(), 5).status().message(), "Is a directory");
}

TEST_F(TextFileTest, ReplacingKeepsTheModeAndTheLink) {
  ASSERT_TRUE(ReplaceFileBlocking(Path("a"), "old").ok());
  ASSERT_EQ(chmod(Path("a").c_str(), 0600), 0);
  fs::create_symlink("a", Path("link"));
  ASSERT_TRUE(ReplaceFileBlocking(Path("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_EQ(*ReadFileBlocking(Path("a"), 5), "new");
  EXPECT_EQ(fs::status(Path("a")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(Files(), 2u);
}

TEST_F(TextFileTest, NothingIsLeftWhereItCannotBeWritten) {
  EXPECT_FALSE(ReplaceFileBlocking(Path("missing/a"), "text").ok());
  fs::create_directory(Path("a"));
  EXPECT_FALSE(ReplaceFileBlocking(Path("a"), "text").ok());  // a directory stays one
  EXPECT_EQ(Files(), 1u);
}

}  // namespace
}  // namespace duet
