// CLIENT: what the server knows of the connection that asks.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

#include "server/base/numbers.h"
#include "server/commands/client_attributes.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"

namespace duet::commands {
namespace {

void ClientId(CommandContext& ctx) { ctx.reply.Integer(static_cast<int64_t>(ctx.session.id)); }

// One line of CLIENT LIST. The fields that Duet has nothing to count for (subscriptions, WATCH,
// buffers a client) are 0 or "not so", since clients' parsers ask for them.
std::string DescribeClient(const Session& session, int64_t now_ms) {
  const int64_t age_s = (now_ms - session.created_ms) / 1000;
  const int64_t idle_s = (now_ms - session.last_command_ms) / 1000;
  const std::string* const last_command = session.last_command;
  return absl::StrCat(
      "id=", session.id, " addr=", session.peer_address, " laddr=", session.local_address,
      " fd=", session.fd, " name=", session.name.Get(), " age=", age_s, " idle=", idle_s,
      " flags=N db=", session.database.get(),
      " sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=", session.query_buffer_bytes.get(),
      " qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=",
      session.query_buffer_bytes.get(),
      " events=r cmd=", last_command == nullptr ? "NULL" : *last_command,
      " user=", session.user.Get(), " redir=-1 resp=", session.protocol.get(),
      " lib-name=", session.library_name.Get(), " lib-ver=", session.library_version.Get(),
      " tot-net-in=", session.bytes_in.get(), " tot-net-out=", session.bytes_out.get(),
      " tot-cmds=", session.commands_processed.get());
}

void ClientInfo(CommandContext& ctx) {
  ctx.reply.Verbatim("txt", DescribeClient(ctx.session, ctx.now_ms) + "\n");
}

void ClientGetName(CommandContext& ctx) {
  const std::string name = ctx.session.name.Get();
  if (name.empty()) return ctx.reply.Null();
  ctx.reply.Bulk(name);
}

void ClientSetName(CommandContext& ctx) {
  const std::optional<Error> error = CheckClientName(ctx.args[2]);
  if (error) return ctx.reply.Error(*error);
  ctx.session.name.Set(ctx.args[2]);
  ctx.reply.Ok();
}

void ClientSetInfo(CommandContext& ctx) {
  const std::string attribute(ctx.args[2]);
  const bool is_name = EqualsIgnoreCase(attribute, "lib-name");
  if (!is_name && !EqualsIgnoreCase(attribute, "lib-ver")) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kSyntax, "ERR Unrecognized option '" + attribute + "'"));
  }
  if (!IsClientAttribute(ctx.args[3])) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kSyntax,
                  "ERR " + attribute + " cannot contain spaces, newlines or special characters."));
  }
  (is_name ? ctx.session.library_name : ctx.session.library_version).Set(ctx.args[3]);
  ctx.reply.Ok();
}

void ClientHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "GETNAME",
      "    Return the name of the current connection.",
      "ID",
      "    Return the ID of the current connection.",
      "INFO",
      "    Return information about the current client connection.",
      "SETINFO <option> <value>",
      "    Set client meta attr. Options are:",
      "    * LIB-NAME: the client lib name.",
      "    * LIB-VER: the client lib version.",
      "SETNAME <name>",
      "    Assign the name <name> to the current connection.",
  };
  ReplyHelp(ctx.reply, "CLIENT", kLines);
}

constexpr uint32_t kOwnState = kNoScript | kLoading | kStale | kConnectionOnly;

constexpr CommandSpec kSubcommands[] = {
    {.name = "id",
     .arity = 2,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "5.0.0",
     .summary = "Returns the number of the connection.",
     .complexity = "O(1)",
     .handler = ClientId},
    {.name = "info",
     .arity = 2,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Describes the connection.",
     .complexity = "O(1)",
     .handler = ClientInfo,
     .tips = "nondeterministic_output"},
    {.name = "getname",
     .arity = 2,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "2.6.9",
     .summary = "Returns the name of the connection.",
     .complexity = "O(1)",
     .handler = ClientGetName},
    {.name = "setname",
     .arity = 3,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "2.6.9",
     .summary = "Names the connection; an empty name takes it back.",
     .complexity = "O(1)",
     .syntax = "connection-name",
     .handler = ClientSetName,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "setinfo",
     .arity = 4,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "7.2.0",
     .summary = "Notes the client library of the connection.",
     .complexity = "O(1)",
     .syntax = "<LIB-NAME libname | LIB-VER libver>",
     .handler = ClientSetInfo,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "help",
     .arity = 2,
     .flags = kLoading | kStale,
     .acl = kAclConnection,
     .group = "connection",
     .since = "5.0.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = ClientHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "client",
     .arity = -2,
     .group = "connection",
     .since = "2.4.0",
     .summary = "Holds the commands about client connections.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ClientCommands() { return kRows; }

}  // namespace duet::commands
