// CLIENT: the connection that asks, and the others.
//
// What is more than a few lines has its own file: client_info.cc, client_others.cc,
// client_pause.cc, client_tracking.cc.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/client_attributes.h"
#include "server/commands/client_info.h"
#include "server/commands/client_pause.h"
#include "server/commands/client_tracking.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/commands/maintenance.h"

namespace duet::commands {
namespace {

void ClientId(CommandContext& ctx) { ctx.reply.Integer(static_cast<int64_t>(ctx.session.id)); }

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

void ClientReply(CommandContext& ctx) {
  Session& session = ctx.session;
  if (EqualsIgnoreCase(ctx.args[2], "on")) {
    session.modes = session.modes & ~uint32_t{kRepliesOff | kSkipNextReply | kSkipsReply};
    ctx.reply.Ok();
  } else if (EqualsIgnoreCase(ctx.args[2], "off")) {
    session.set(kRepliesOff, true);
  } else if (EqualsIgnoreCase(ctx.args[2], "skip")) {
    if (!session.has(kRepliesOff)) session.set(kSkipNextReply, true);
  } else {
    ctx.reply.Error(SyntaxError());
  }
}

// "ON" or "OFF", in any case; replies with the error for anything else.
std::optional<bool> ParseSwitch(CommandContext& ctx, std::string_view text) {
  if (EqualsIgnoreCase(text, "on")) return true;
  if (EqualsIgnoreCase(text, "off")) return false;
  ctx.reply.Error(SyntaxError());
  return std::nullopt;
}

void ClientNoEvict(CommandContext& ctx) {
  const std::optional<bool> on = ParseSwitch(ctx, ctx.args[2]);
  if (!on) return;
  ctx.session.no_evict = *on;
  ctx.reply.Ok();
}

void ClientNoTouch(CommandContext& ctx) {
  const std::optional<bool> on = ParseSwitch(ctx, ctx.args[2]);
  if (!on) return;
  ctx.session.set(kNoTouch, *on);
  ctx.reply.Ok();
}

// A row takes the address of functions of its own file only: of others, g++ 12 with UBSan does not
// know while compiling that it is not null.
void ClientList(CommandContext& ctx) { ListClients(ctx); }
void ClientKill(CommandContext& ctx) { KillClients(ctx); }
void ClientUnblock(CommandContext& ctx) { UnblockClient(ctx); }
void ClientPauseAll(CommandContext& ctx) { PauseClients(ctx); }
void ClientUnpause(CommandContext& ctx) { UnpauseClients(ctx); }
void ClientMaintNotifications(CommandContext& ctx) { SwitchMaintenance(ctx); }
void ClientTracking(CommandContext& ctx) { SwitchTracking(ctx); }
void ClientCachingNext(CommandContext& ctx) { AnnounceCaching(ctx); }
void ClientTrackingInfo(CommandContext& ctx) { ShowTracking(ctx); }
void ClientGetRedir(CommandContext& ctx) { ShowRedirect(ctx); }

void ClientHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "CACHING (YES|NO)",
      "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
      "GETREDIR",
      "    Return the client ID we are redirecting to when tracking is enabled.",
      "GETNAME",
      "    Return the name of the current connection.",
      "ID",
      "    Return the ID of the current connection.",
      "INFO",
      "    Return information about the current client connection.",
      "KILL <ip:port>",
      "    Kill connection made from <ip:port>.",
      "KILL <option> <value> [<option> <value> [...]]",
      "    Kill connections. Options are:",
      "    * ADDR (<ip:port>|<unixsocket>:0)",
      "      Kill connections made from the specified address",
      "    * LADDR (<ip:port>|<unixsocket>:0)",
      "      Kill connections made to specified local address",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Kill connections by type.",
      "    * USER <username>",
      "      Kill connections authenticated by <username>.",
      "    * SKIPME (YES|NO)",
      "      Skip killing current connection (default: yes).",
      "    * ID <client-id>",
      "      Kill connections by client id.",
      "    * MAXAGE <maxage>",
      "      Kill connections older than the specified age.",
      "LIST [options ...]",
      "    Return information about client connections. Options:",
      "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
      "      Return clients of specified type.",
      "MAINT_NOTIFICATIONS (ON|OFF) [MOVING-ENDPOINT-TYPE NONE]",
      "    Tell the client before the server closes its connection.",
      "UNPAUSE",
      "    Stop the current client pause, resuming traffic.",
      "PAUSE <timeout> [WRITE|ALL]",
      "    Suspend all, or just write, clients for <timeout> milliseconds.",
      "REPLY (ON|OFF|SKIP)",
      "    Control the replies sent to the current connection.",
      "SETNAME <name>",
      "    Assign the name <name> to the current connection.",
      "SETINFO <option> <value>",
      "    Set client meta attr. Options are:",
      "    * LIB-NAME: the client lib name.",
      "    * LIB-VER: the client lib version.",
      "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
      "         [OPTIN] [OPTOUT] [NOLOOP]",
      "    Control server assisted client side caching.",
      "TRACKINGINFO",
      "    Report tracking status for the current connection.",
      "UNBLOCK <clientid> [TIMEOUT|ERROR]",
      "    Unblock the specified blocked client.",
      "NO-EVICT (ON|OFF)",
      "    Protect current client connection from eviction.",
      "NO-TOUCH (ON|OFF)",
      "    Will not touch LRU/LFU stats when this mode is on.",
  };
  ReplyHelp(ctx.reply, "CLIENT", kLines);
}

constexpr uint32_t kOwnState = kNoScript | kLoading | kStale | kConnectionOnly;
constexpr uint32_t kOfOthers = kAdmin | kNoScript | kLoading | kStale;

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
    {.name = "list",
     .arity = -2,
     .flags = kOfOthers,
     .acl = kAclConnection,
     .group = "connection",
     .since = "2.4.0",
     .summary = "Describes the connections.",
     .complexity = "O(N) where N is the number of client connections",
     .syntax = "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
     .handler = ClientList,
     .tips = "nondeterministic_output"},
    {.name = "kill",
     .arity = -3,
     .flags = kOfOthers,
     .acl = kAclConnection,
     .group = "connection",
     .since = "2.4.0",
     .summary = "Closes connections.",
     .complexity = "O(N) where N is the number of client connections",
     .syntax = "<ip:port | [ID client-id] [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] "
               "[USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME <YES | NO>] "
               "[MAXAGE maxage]>",
     .handler = ClientKill},
    {.name = "pause",
     .arity = -3,
     .flags = kOfOthers,
     .acl = kAclConnection,
     .group = "connection",
     .since = "2.9.50",
     .summary = "Lets the commands of all connections wait for a time.",
     .complexity = "O(1)",
     .syntax = "timeout [WRITE | ALL]",
     .handler = ClientPauseAll},
    {.name = "unpause",
     .arity = 2,
     .flags = kOfOthers,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Ends a pause of the connections.",
     .complexity = "O(N) Where N is the number of paused clients",
     .handler = ClientUnpause},
    {.name = "unblock",
     .arity = -3,
     .flags = kOfOthers,
     .acl = kAclConnection,
     .group = "connection",
     .since = "5.0.0",
     .summary = "Ends the command that a connection waits for.",
     .complexity = "O(log N) where N is the number of client connections",
     .syntax = "client-id [TIMEOUT | ERROR]",
     .handler = ClientUnblock},
    {.name = "reply",
     .arity = 3,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "3.2.0",
     .summary = "Turns the replies to the connection on and off.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF | SKIP>",
     .handler = ClientReply},
    {.name = "tracking",
     .arity = -3,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Tells the client when keys change that it holds copies of.",
     .complexity = "O(1). Some options may introduce additional complexity.",
     .syntax =
         "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] "
         "[OPTOUT] [NOLOOP]",
     .handler = ClientTracking},
    {.name = "caching",
     .arity = 3,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Says whether the client keeps what the next command reads.",
     .complexity = "O(1)",
     .syntax = "<YES | NO>",
     .handler = ClientCachingNext},
    {.name = "trackinginfo",
     .arity = 2,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Describes what the client is told of keys.",
     .complexity = "O(1)",
     .handler = ClientTrackingInfo},
    {.name = "getredir",
     .arity = 2,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Returns the client that hears of keys in place of this one.",
     .complexity = "O(1)",
     .handler = ClientGetRedir},
    {.name = "maint_notifications",
     .arity = -3,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "8.4.0",
     .summary = "Tells the client before the server closes its connection.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF> [MOVING-ENDPOINT-TYPE NONE]",
     .handler = ClientMaintNotifications},
    {.name = "no-evict",
     .arity = 3,
     .flags = kOwnState | kAdmin,
     .acl = kAclConnection,
     .group = "connection",
     .since = "7.0.0",
     .summary = "Spares the connection when connections are closed to free memory.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF>",
     .handler = ClientNoEvict},
    {.name = "no-touch",
     .arity = 3,
     .flags = kOwnState,
     .acl = kAclConnection,
     .group = "connection",
     .since = "7.2.0",
     .summary = "Lets the connection's commands leave keys as old as they are.",
     .complexity = "O(1)",
     .syntax = "<ON | OFF>",
     .handler = ClientNoTouch},
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
