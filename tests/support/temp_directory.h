// A directory of a test's own, since tests run side by side; it goes with the object.
//
// Thread-compatible.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "server/base/check.h"

namespace duet::testing {

class TempDirectory {
 public:
  TempDirectory() : path_((std::filesystem::temp_directory_path() / "duet-test-XXXXXX").string()) {
    DUET_CHECK(mkdtemp(path_.data()) != nullptr, "no directory for the test's files");
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Of a file in it.
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace duet::testing
