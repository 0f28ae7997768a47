#include "server/base/password.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace duet {
namespace {

TEST(Password, NoneAdmitsAnything) {
  const Password none;
  EXPECT_FALSE(none.required());
  EXPECT_TRUE(none.Admits(""));
  EXPECT_TRUE(none.Admits("anything"));
}

TEST(Password, AdmitsNothingButItself) {
  const Password password("s3cret");
  EXPECT_TRUE(password.required());
  EXPECT_TRUE(password.Admits("s3cret"));
  for (const char* wrong : {"", "s", "s3cre", "S3cret", "s3creT", "s3cretx", "s3crets3cret"}) {
    EXPECT_FALSE(password.Admits(wrong)) << wrong;
  }
}

TEST(Password, MayBeBinary) {
  const std::string binary("a\0b", 3);
  const Password password(binary);
  EXPECT_TRUE(password.Admits(binary));
  EXPECT_FALSE(password.Admits("a"));
  EXPECT_FALSE(password.Admits(std::string_view("a\0c", 3)));
}

TEST(Password, IsChangedAndTakenAway) {
  Password password("old");
  password.Set("new");
  EXPECT_TRUE(password.Admits("new"));
  EXPECT_FALSE(password.Admits("old"));
  password.Set("");
  EXPECT_FALSE(password.required());
  EXPECT_TRUE(password.Admits("old"));
}

TEST(Password, GivesOutADigestOnly) {
  const Password password("abc");
  EXPECT_EQ(password.Digest([](std::string_view text) { return std::to_string(text.size()); }),
            "3");
}

// What the thread sanitizer has to see.
TEST(Password, ChangesWhileOthersCheck) {
  Password password(std::string(64, 'a'));
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) password.Set(std::string(64, i % 2 == 0 ? 'b' : 'a'));
  });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(password.required());
    EXPECT_FALSE(password.Admits("c"));
  }
  other.join();
  EXPECT_TRUE(password.Admits(std::string(64, 'a')));
}

}  // namespace
}  // namespace duet
