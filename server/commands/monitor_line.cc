#include "server/commands/monitor_line.h"

#include "absl/strings/str_format.h"

#include "server/base/quoted_words.h"
#include "server/commands/session.h"

namespace duet::commands {
namespace {

std::string PeerOf(const Session& session) {
  const std::string& local = session.local_address;
  if (!local.starts_with('/')) return session.PeerAddress();
  return "unix:" + local.substr(0, local.rfind(':'));
}

}  // namespace

std::string MonitorLine(const Session& session, std::span<const std::string_view> words,
                        int64_t now_us) {
  std::string line = absl::StrFormat("+%d.%06d [%d %s]", now_us / 1'000'000, now_us % 1'000'000,
                                     session.database.get(), PeerOf(session));
  for (const std::string_view word : words) {
    line += ' ';
    AppendQuoted(word, line);
  }
  line += "\r\n";
  return line;
}

}  // namespace duet::commands
