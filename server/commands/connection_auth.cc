// How a connection begins: HELLO and AUTH.
//
// There is one user, "default", with the password of ServerContext::password; without one, any
// password is good for it. As in Redis, a change of the password concerns those who have to give it
// from then on: a client that has been let in stays in, and one that has not may go on without
// where none is asked for any longer (HELLO alone still wants it to be given then).
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/log.h"
#include "server/base/numbers.h"
#include "server/commands/client_attributes.h"
#include "server/commands/client_info.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/version.h"

namespace duet::commands {
namespace {

constexpr std::string_view kDefaultUser = "default";

// Makes the session the user's. Nothing: done; the error else, and the session is as it was.
std::optional<Error> Authenticate(CommandContext& ctx, std::string_view user,
                                  std::string_view password) {
  if (!ctx.server.password.Admits(password) || user != kDefaultUser) {
    ctx.server.log->Warning(
        LogTarget::kAuth, "refused a client: wrong user or password",
        {{"door", "resp"}, {"connection", ctx.session.id}, {"peer", ctx.session.PeerAddress()}});
    ctx.server.acl_log.Add({.in_transaction = ctx.session.has(kInTransaction),
                            .command = std::string(ctx.args[0]),
                            .user = std::string(user),
                            .client = DescribeClient(ctx.session, ctx.now_ms),
                            .updated_ms = ctx.now_ms});
    return MakeError(ErrorCode::kNoAuth,
                     "WRONGPASS invalid username-password pair or user is disabled.");
  }
  ctx.session.authenticated = true;
  ctx.session.user.Set(kDefaultUser);
  return std::nullopt;
}

void Auth(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ctx.reply.Error(SyntaxError());
  const bool names_user = ctx.args.size() == 3;
  if (!names_user && !ctx.server.password.required()) {
    return ctx.reply.Error(MakeError(
        ErrorCode::kNoAuth,
        "ERR AUTH <password> called without any password configured for the default user. "
        "Are you sure your configuration is correct?"));
  }
  const std::string_view user = names_user ? ctx.args[1] : kDefaultUser;
  const std::optional<Error> error = Authenticate(ctx, user, ctx.args.back());
  if (error) return ctx.reply.Error(*error);
  ctx.reply.Ok();
}

struct Credentials {
  std::string_view user;
  std::string_view password;
};

struct HelloOptions {
  std::optional<int> protocol;
  std::optional<Credentials> credentials;
  std::optional<std::string_view> name;
};

Expected<int> ParseProtocol(std::string_view text) {
  const std::optional<int64_t> version = ParseInt64(text);
  if (!version) {
    return MakeError(ErrorCode::kOutOfRange,
                     "ERR Protocol version is not an integer or out of range");
  }
  if (*version < 2 || *version > 3) {
    return MakeError(ErrorCode::kProtocol, "NOPROTO unsupported protocol version");
  }
  return static_cast<int>(*version);
}

// Parses "[protover [AUTH username password] [SETNAME clientname]]".
Expected<HelloOptions> ParseHelloOptions(Argv args) {
  HelloOptions options;
  if (args.empty()) return options;
  const Expected<int> protocol = ParseProtocol(args[0]);
  if (!protocol) return protocol.error();
  options.protocol = *protocol;
  for (size_t i = 1; i < args.size(); ++i) {
    const size_t left = args.size() - 1 - i;
    if (EqualsIgnoreCase(args[i], "auth") && left >= 2) {
      options.credentials = Credentials{.user = args[i + 1], .password = args[i + 2]};
      i += 2;
    } else if (EqualsIgnoreCase(args[i], "setname") && left >= 1) {
      options.name = args[++i];
      if (const std::optional<Error> error = CheckClientName(*options.name)) return *error;
    } else {
      return MakeError(ErrorCode::kSyntax,
                       "ERR Syntax error in HELLO option '" + std::string(args[i]) + "'");
    }
  }
  return options;
}

void ReplyHello(CommandContext& ctx) {
  ctx.reply.Map(7);
  ctx.reply.Bulk("server");
  ctx.reply.Bulk("redis");  // what clients look for; INFO says duet_version
  ctx.reply.Bulk("version");
  ctx.reply.Bulk(kRedisVersion);
  ctx.reply.Bulk("proto");
  ctx.reply.Integer(ctx.session.protocol);
  ctx.reply.Bulk("id");
  ctx.reply.Integer(static_cast<int64_t>(ctx.session.id));
  ctx.reply.Bulk("mode");
  ctx.reply.Bulk("standalone");
  ctx.reply.Bulk("role");
  ctx.reply.Bulk("master");
  ctx.reply.Bulk("modules");
  ctx.reply.Array(0);
}

void Hello(CommandContext& ctx) {
  const Expected<HelloOptions> options = ParseHelloOptions(ctx.args.subspan(1));
  if (!options) return ctx.reply.Error(options.error());
  if (options->credentials) {
    const auto& [user, password] = *options->credentials;
    const std::optional<Error> error = Authenticate(ctx, user, password);
    if (error) return ctx.reply.Error(*error);
  }
  if (!ctx.session.authenticated) {
    return ctx.reply.Error(MakeError(
        ErrorCode::kNoAuth,
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time"));
  }
  if (options->name) ctx.session.name.Set(*options->name);
  // The reply is written in the new protocol already; what came before it, in the old one. In RESP2
  // a push would be taken for a reply.
  if (options->protocol && *options->protocol != ctx.session.protocol) {
    ctx.session.DeliverMail();
    ctx.session.protocol = *options->protocol;
  }
  ReplyHello(ctx);
}

constexpr uint32_t kFirstWords =
    kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy | kConnectionOnly;

constexpr CommandSpec kRows[] = {
    {.name = "hello",
     .arity = -1,
     .flags = kFirstWords,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.0.0",
     .summary = "Chooses the protocol of the connection and describes the server.",
     .complexity = "O(1)",
     .syntax = "[protover [AUTH username password] [SETNAME clientname]]",
     .handler = Hello},
    {.name = "auth",
     .arity = -2,
     .flags = kFirstWords,
     .acl = kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Authenticates the connection.",
     .complexity = "O(1)",
     .syntax = "[username] password",
     .handler = Auth},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> AuthCommands() { return kRows; }

}  // namespace duet::commands
