#include "server/commands/command_queue.h"

#include <algorithm>

namespace duet::commands {
namespace {

size_t TextBytes(Argv argv) {
  size_t bytes = 0;
  for (const std::string_view arg : argv) bytes += arg.size();
  return bytes;
}

}  // namespace

uint64_t CommandQueue::BytesOf(Argv argv) {
  return sizeof(Queued) + argv.size() * sizeof(std::string_view) + TextBytes(argv);
}

void CommandQueue::Push(const Command& command, Argv argv) {
  bytes_ += BytesOf(argv);
  flags_ |= command.spec->flags;
  std::unique_ptr<char[]> text(new char[TextBytes(argv)]);
  char* at = text.get();
  for (const std::string_view arg : argv) {
    args_.emplace_back(at, arg.size());
    at = std::ranges::copy(arg, at).out;
  }
  queued_.push_back({&command, args_.size(), std::move(text)});
}

void CommandQueue::Clear() { *this = CommandQueue(); }

}  // namespace duet::commands
