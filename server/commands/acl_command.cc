// ACL, as far as one user goes: "default", who may do everything, with the server's password or
// without one.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "openssl/rand.h"
#include "openssl/sha.h"

#include "server/base/check.h"
#include "server/base/numbers.h"
#include "server/commands/acl_log.h"
#include "server/commands/command_check.h"
#include "server/commands/command_info_lookup.h"
#include "server/commands/command_info_names.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"

namespace duet::commands {
namespace {

constexpr std::string_view kUser = "default";

std::string Hex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

std::string Sha256Hex(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return Hex(digest, sizeof(digest));
}

// Passwords are shown as their SHA-256. Empty: the user needs none.
std::string PasswordDigest(const ServerContext& server) {
  return server.password.required() ? server.password.Digest(&Sha256Hex) : std::string();
}

void AclWhoAmI(CommandContext& ctx) { ctx.reply.Bulk(ctx.session.user.Get()); }

void AclUsers(CommandContext& ctx) {
  ctx.reply.Array(1);
  ctx.reply.Bulk(kUser);
}

void AclList(CommandContext& ctx) {
  const std::string digest = PasswordDigest(ctx.server);
  ctx.reply.Array(1);
  ctx.reply.Bulk("user default on " + (digest.empty() ? "nopass" : "#" + digest) + " ~* &* +@all");
}

void ReplyText(ReplyWriter& reply, std::string_view name, std::string_view value) {
  reply.Bulk(name);
  reply.Bulk(value);
}

void AclGetUser(CommandContext& ctx) {
  if (ctx.args[2] != kUser) return ctx.reply.Null();
  const std::string digest = PasswordDigest(ctx.server);
  ctx.reply.Map(6);
  ctx.reply.Bulk("flags");
  ctx.reply.Set(digest.empty() ? 2 : 1);
  ctx.reply.Bulk("on");
  if (digest.empty()) ctx.reply.Bulk("nopass");
  ctx.reply.Bulk("passwords");
  ctx.reply.Array(digest.empty() ? 0 : 1);
  if (!digest.empty()) ctx.reply.Bulk(digest);
  ReplyText(ctx.reply, "commands", "+@all");
  ReplyText(ctx.reply, "keys", "~*");
  ReplyText(ctx.reply, "channels", "&*");
  ctx.reply.Bulk("selectors");
  ctx.reply.Array(0);
}

void AclCat(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  std::vector<std::string_view> names;
  if (ctx.args.size() == 2) {
    names = AllAclCategories();
  } else {
    for (const Command& command : CommandTable::Get().all()) {
      const std::optional<bool> is_in = IsInAclCategory(*command.spec, ctx.args[2]);
      if (!is_in) {
        return ctx.reply.Error(
            MakeError(ErrorCode::kSyntax,
                      "ERR Unknown category '" + std::string(ctx.args[2].substr(0, 128)) + "'"));
      }
      if (*is_in) names.push_back(command.full_name);
    }
  }
  ctx.reply.Array(names.size());
  for (const std::string_view name : names) ctx.reply.Bulk(name);
}

void AclGenPass(CommandContext& ctx) {
  constexpr int64_t kDefaultBits = 256;
  constexpr int64_t kMaxBits = 4096;
  if (ctx.args.size() > 3) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  int64_t bits = kDefaultBits;
  if (ctx.args.size() == 3) {
    const std::optional<int64_t> given = ParseInt64(ctx.args[2]);
    if (!given) return ctx.reply.Error(NotAnInteger());
    bits = *given;
  }
  if (bits <= 0 || bits > kMaxBits) {
    return ctx.reply.Error(MakeError(
        ErrorCode::kOutOfRange,
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
        "number up to 4096"));
  }
  unsigned char random[kMaxBits / 8];
  DUET_CHECK(RAND_bytes(random, sizeof(random)) == 1, "no random numbers");
  const auto digits = static_cast<size_t>((bits + 3) / 4);
  ctx.reply.Bulk(Hex(random, sizeof(random)).substr(0, digits));
}

void AclDryRun(CommandContext& ctx) {
  const Argv argv = ctx.args.subspan(3);
  if (ctx.args[2] != kUser) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kNotFound, "ERR User '" + std::string(ctx.args[2]) + "' not found"));
  }
  const Command* command = FindByWords(argv);
  if (command == nullptr) {
    return ctx.reply.Error(MakeError(ErrorCode::kUnknownCommand,
                                     "ERR Command '" + std::string(argv[0]) + "' not found"));
  }
  const int arity = command->spec->arity;
  const auto words = static_cast<int>(argv.size());
  if (arity > 0 ? words != arity : words < -arity) {
    return ctx.reply.Error(WrongArity(command->full_name));
  }
  ctx.reply.Ok();
}

void ReplyEntry(ReplyWriter& reply, const AclLogEntry& entry, int64_t now_ms) {
  const auto number = [&reply](std::string_view name, int64_t value) {
    reply.Bulk(name);
    reply.Integer(value);
  };
  reply.Map(10);
  number("count", static_cast<int64_t>(entry.count));
  ReplyText(reply, "reason", "auth");
  ReplyText(reply, "context", entry.in_transaction ? "multi" : "toplevel");
  ReplyText(reply, "object", entry.command);
  ReplyText(reply, "username", entry.user);
  reply.Bulk("age-seconds");
  reply.Double(static_cast<double>(now_ms - entry.updated_ms) / 1000);
  ReplyText(reply, "client-info", entry.client);
  number("entry-id", static_cast<int64_t>(entry.id));
  number("timestamp-created", entry.created_ms);
  number("timestamp-last-updated", entry.updated_ms);
}

void AclLogCommand(CommandContext& ctx) {
  constexpr int64_t kDefaultCount = 10;
  if (ctx.args.size() > 3) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  int64_t count = kDefaultCount;
  if (ctx.args.size() == 3) {
    if (EqualsIgnoreCase(ctx.args[2], "reset")) {
      ctx.server.acl_log.Reset();
      return ctx.reply.Ok();
    }
    const std::optional<int64_t> given = ParseInt64(ctx.args[2]);
    if (!given) return ctx.reply.Error(NotAnInteger());
    count = std::max<int64_t>(*given, 0);
  }
  const std::vector<AclLogEntry> entries = ctx.server.acl_log.Newest(static_cast<size_t>(count));
  ctx.reply.Array(entries.size());
  for (const AclLogEntry& entry : entries) ReplyEntry(ctx.reply, entry, ctx.now_ms);
}

// There is no user but the one who stays.
void AclDelUser(CommandContext& ctx) {
  for (const std::string_view user : ctx.args.subspan(2)) {
    if (user != kUser) continue;
    return ctx.reply.Error(
        MakeError(ErrorCode::kSyntax, "ERR The 'default' user cannot be removed"));
  }
  ctx.reply.Integer(0);
}

void AclSetUser(CommandContext& ctx) {
  ctx.reply.Error(MakeError(
      ErrorCode::kGeneric,
      "ERR ACL SETUSER is not supported: 'default' is the only user, who may do everything; "
      "CONFIG SET requirepass sets the password"));
}

// ACL LOAD and ACL SAVE.
void NoAclFile(CommandContext& ctx) {
  ctx.reply.Error(MakeError(ErrorCode::kGeneric,
                            "ERR This Redis instance is not configured to use an ACL file. You may "
                            "want to specify users via the ACL SETUSER command and then issue a "
                            "CONFIG REWRITE (assuming you have a Redis configuration file set) in "
                            "order to store users in the Redis configuration."));
}

void AclHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "CAT [<category>]",
      "    List all commands that belong to <category>, or all command categories",
      "    when no category is specified.",
      "DELUSER <username> [<username> ...]",
      "    Delete a list of users.",
      "DRYRUN <username> <command> [<arg> ...]",
      "    Returns whether the user can execute the given command without executing the command.",
      "GETUSER <username>",
      "    Get the user's details.",
      "GENPASS [<bits>]",
      "    Generate a secure 256-bit user password. The optional `bits` argument can",
      "    be used to specify a different size.",
      "LIST",
      "    Show users details in config file format.",
      "LOG [<count> | RESET]",
      "    Show the ACL log entries.",
      "USERS",
      "    List all the registered usernames.",
      "WHOAMI",
      "    Return the current connection username.",
  };
  ReplyHelp(ctx.reply, "ACL", kLines);
}

constexpr uint32_t kAnyTime = kLoading | kStale;
constexpr uint32_t kForAll = kNoScript | kAnyTime;
constexpr uint32_t kAdminOnly = kAdmin | kNoScript | kAnyTime;

constexpr CommandSpec kSubcommands[] = {
    {.name = "cat",
     .arity = -2,
     .flags = kForAll,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns the categories of commands, or the commands of one.",
     .complexity = "O(1) since the categories and commands are a fixed set.",
     .syntax = "[category]",
     .handler = AclCat},
    {.name = "deluser",
     .arity = -3,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Removes users: none, since there is only one, who stays.",
     .complexity = "O(1) amortized time considering the typical user.",
     .syntax = "username [username ...]",
     .handler = AclDelUser,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "dryrun",
     .arity = -4,
     .flags = kAdminOnly,
     .group = "server",
     .since = "7.0.0",
     .summary = "Says whether a user may execute a command.",
     .complexity = "O(1).",
     .syntax = "username command [arg [arg ...]]",
     .handler = AclDryRun},
    {.name = "genpass",
     .arity = -2,
     .flags = kForAll,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns a random password.",
     .complexity = "O(1)",
     .syntax = "[bits]",
     .handler = AclGenPass},
    {.name = "getuser",
     .arity = 3,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns what a user may do.",
     .complexity = "O(N). Where N is the number of password, command and pattern rules that the "
                   "user has.",
     .syntax = "username",
     .handler = AclGetUser},
    {.name = "help",
     .arity = 2,
     .flags = kAnyTime,
     .group = "server",
     .since = "6.0.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = AclHelp},
    {.name = "list",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns the users with their rules.",
     .complexity = "O(N). Where N is the number of configured users.",
     .handler = AclList},
    {.name = "load",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Fails: there is no file of users.",
     .complexity = "O(N). Where N is the number of configured users.",
     .handler = NoAclFile},
    {.name = "log",
     .arity = -2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns who was refused, or forgets it.",
     .complexity = "O(N) with N being the number of entries shown.",
     .syntax = "[count | RESET]",
     .handler = AclLogCommand},
    {.name = "save",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Fails: there is no file of users.",
     .complexity = "O(N). Where N is the number of configured users.",
     .handler = NoAclFile,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "setuser",
     .arity = -3,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Fails: there is one user, who may do everything.",
     .complexity = "O(N). Where N is the number of rules provided.",
     .syntax = "username [rule [rule ...]]",
     .handler = AclSetUser,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "users",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns the names of the users.",
     .complexity = "O(N). Where N is the number of configured users.",
     .handler = AclUsers},
    {.name = "whoami",
     .arity = 2,
     .flags = kForAll,
     .group = "server",
     .since = "6.0.0",
     .summary = "Returns the name of the connection's user.",
     .complexity = "O(1)",
     .handler = AclWhoAmI},
};

constexpr CommandSpec kRows[] = {
    {.name = "acl",
     .arity = -2,
     .group = "server",
     .since = "6.0.0",
     .summary = "Holds the commands about users and what they may do.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> AclCommands() { return kRows; }

}  // namespace duet::commands
