// The commands between MULTI and EXEC, copied out of the buffer that they were read into.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "server/api/argv.h"
#include "server/commands/command_table.h"

namespace duet::commands {

class CommandQueue {
 public:
  // What Push would add to bytes().
  static uint64_t BytesOf(Argv argv);

  // `command` outlives the queue.
  void Push(const Command& command, Argv argv);
  void Clear();

  size_t size() const { return queued_.size(); }
  const Command& command(size_t i) const { return *queued_[i].command; }
  // Valid until the next Push or Clear.
  Argv argv(size_t i) const {
    const size_t begin = i == 0 ? 0 : queued_[i - 1].end;
    return Argv(args_.data() + begin, queued_[i].end - begin);
  }
  // The flags that at least one of the commands has.
  uint32_t flags() const { return flags_; }
  // What the queue holds, in bytes: the arguments, and what it costs to keep them.
  uint64_t bytes() const { return bytes_; }

 private:
  struct Queued {
    const Command* command;
    size_t end;                     // one past its last argument in args_
    std::unique_ptr<char[]> bytes;  // of its arguments
  };

  std::vector<Queued> queued_;
  std::vector<std::string_view> args_;
  uint32_t flags_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace duet::commands
