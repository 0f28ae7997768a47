#include "server/commands/client_info.h"

#include "absl/strings/str_cat.h"

#include "server/base/numbers.h"
#include "server/commands/session.h"

namespace duet::commands {
namespace {

// The letters of Redis that can apply, in its order.
std::string FlagLetters(const Session& session) {
  std::string letters;
  if (session.has(kMonitors)) letters += 'O';
  if (session.has(kSubscribed)) letters += 'P';
  if (session.has(kInTransaction)) letters += 'x';
  if (session.waits) letters += 'b';
  if (session.has(kTracks)) letters += 't';
  if (session.caching.redirect_broken) letters += 'R';
  if (session.caching.has(kBroadcasts)) letters += 'B';
  if (session.local_address.starts_with('/')) letters += 'U';
  if (session.no_evict) letters += 'e';
  if (session.has(kNoTouch)) letters += 'T';
  return letters.empty() ? "N" : letters;
}

}  // namespace

ClientKind KindOf(const Session& session) {
  return session.has(kSubscribed) ? ClientKind::kPubsub : ClientKind::kNormal;
}

Expected<ClientKind> ParseClientKind(std::string_view text) {
  if (EqualsIgnoreCase(text, "normal")) return ClientKind::kNormal;
  if (EqualsIgnoreCase(text, "master")) return ClientKind::kMaster;
  if (EqualsIgnoreCase(text, "replica")) return ClientKind::kReplica;
  if (EqualsIgnoreCase(text, "slave")) return ClientKind::kReplica;
  if (EqualsIgnoreCase(text, "pubsub")) return ClientKind::kPubsub;
  return MakeError(ErrorCode::kSyntax, "ERR Unknown client type '" + std::string(text) + "'");
}

// What has no figure here is 0: replies are written into buffers that the connections of a worker
// share (rbs, rbp), and arguments are views into what was read (argv-mem).
std::string DescribeClient(const Session& session, int64_t now_ms) {
  const int64_t age_s = (now_ms - session.created_ms) / 1000;
  const int64_t idle_s = (now_ms - session.last_command_ms) / 1000;
  const std::string* const last_command = session.last_command;
  const uint64_t input = session.query_buffer_bytes;
  const uint64_t unsent = session.output_buffer_bytes;
  const uint64_t mail = session.mailbox != nullptr ? session.mailbox->bytes() : 0;
  const uint64_t messages = session.mailbox != nullptr ? session.mailbox->messages() : 0;
  const int64_t redirect =
      session.has(kTracks) ? static_cast<int64_t>(session.caching.redirect.get()) : -1;
  return absl::StrCat(
      "id=", session.id, " addr=", session.peer_address, " laddr=", session.local_address,
      " fd=", session.fd, " name=", session.name.Get(), " age=", age_s, " idle=", idle_s,
      " flags=", FlagLetters(session), " db=", session.database.get(),
      " sub=", session.subscriber.count(pubsub::Topic::kChannel),
      " psub=", session.subscriber.count(pubsub::Topic::kPattern),
      " ssub=", session.subscriber.count(pubsub::Topic::kShardChannel),
      " multi=", session.queued_commands.get(), " watch=", session.watched_keys.get(),
      " qbuf=", input, " qbuf-free=0 argv-mem=0 multi-mem=", session.queued_bytes.get(),
      " rbs=0 rbp=0 obl=", unsent, " oll=", messages, " omem=", unsent + mail,
      " tot-mem=", sizeof(Session) + input + unsent + mail + session.queued_bytes,
      " events=", unsent > 0 ? "w" : "r", " cmd=", last_command == nullptr ? "NULL" : *last_command,
      " user=", session.user.Get(), " redir=", redirect, " resp=", session.protocol.get(),
      " lib-name=", session.library_name.Get(), " lib-ver=", session.library_version.Get(),
      " tot-net-in=", session.bytes_in.get(), " tot-net-out=", session.bytes_out.get(),
      " tot-cmds=", session.commands_processed.get());
}

}  // namespace duet::commands
