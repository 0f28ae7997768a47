#include "server/base/text_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace duet {
namespace {

absl::Status Failed(int error) {
  const char* reason = std::strerror(error);
  return error == ENOENT ? absl::NotFoundError(reason) : absl::InvalidArgumentError(reason);
}

// Closes the descriptor when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// A new file with the text, on the disk.
absl::Status WriteNewFile(const std::string& path, std::string_view text, const mode_t* mode) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (file.get() < 0) return Failed(errno);
  if (mode != nullptr && fchmod(file.get(), *mode) != 0) return Failed(errno);
  if (absl::Status written = WriteAll(file.get(), text); !written.ok()) return written;
  return fsync(file.get()) == 0 ? absl::OkStatus() : Failed(errno);
}

absl::Status SyncDirectory(const std::filesystem::path& directory) {
  const Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || fsync(opened.get()) != 0) return Failed(errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFileBlocking(const std::string& path, size_t max_bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Failed(errno);
  std::string text(max_bytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed(errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > max_bytes) {
    return absl::OutOfRangeError(absl::StrCat("longer than ", max_bytes, " bytes"));
  }
  text.resize(size);
  return text;
}

absl::Status ReplaceFileBlocking(const std::string& path, std::string_view text) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
  if (error) return Failed(error.value());
  struct stat old {};
  const bool exists = stat(target.c_str(), &old) == 0;
  const mode_t mode = old.st_mode & 07777;
  const std::string beside = absl::StrCat(target.string(), ".", getpid(), ".tmp");
  absl::Status done = WriteNewFile(beside, text, exists ? &mode : nullptr);
  if (done.ok() && rename(beside.c_str(), target.c_str()) != 0) done = Failed(errno);
  if (!done.ok()) {
    unlink(beside.c_str());
    return done;
  }
  return SyncDirectory(target.parent_path());
}

}  // namespace duet
