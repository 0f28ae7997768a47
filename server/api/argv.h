// A command and its arguments, and a batch of them, as views into somebody else's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace duet {

// argv[0] is the command's name as the client sent it; any argument may be empty or binary.
using Argv = std::span<const std::string_view>;

// The commands that one read (RESP) or one message (gRPC Pipeline) held, in order. The views point
// into the buffer that was parsed and are valid as long as it is untouched. Reused from batch to
// batch, so that a warm one allocates nothing.
// Thread-compatible.
class CommandBatch {
 public:
  // Memory for more arguments or commands than this is freed by Clear; so a huge batch does not
  // hold its own for as long as its worker or stream lives. 64 Ki arguments are 1 MiB.
  static constexpr size_t kKeepArgs = 64 * 1024;

  void Clear() {
    Clear(args_);
    Clear(ends_);
  }
  // Appends an argument to the command that is being built; EndCommand finishes it.
  void Add(std::string_view arg) { args_.push_back(arg); }
  void EndCommand() { ends_.push_back(static_cast<uint32_t>(args_.size())); }
  // Drops the last finished command. REQUIRES: nothing unfinished behind it.
  void DropLast() {
    ends_.pop_back();
    DropUnfinished();
  }
  // Drops the arguments of an unfinished command.
  void DropUnfinished() { args_.resize(ends_.empty() ? 0 : ends_.back()); }

  size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  Argv operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return Argv(args_.data() + begin, ends_[i] - begin);
  }
  size_t unfinished_args() const { return args_.size() - (ends_.empty() ? 0 : ends_.back()); }
  // What the batch holds memory for.
  size_t args_capacity() const { return args_.capacity(); }
  size_t commands_capacity() const { return ends_.capacity(); }

 private:
  template <typename T>
  static void Clear(std::vector<T>& items) {
    if (items.capacity() > kKeepArgs) [[unlikely]] {
      std::vector<T>().swap(items);
    } else {
      items.clear();
    }
  }

  std::vector<std::string_view> args_;
  std::vector<uint32_t> ends_;  // one past the last argument of each command
};

}  // namespace duet
