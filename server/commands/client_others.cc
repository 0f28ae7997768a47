// CLIENT LIST, KILL and UNBLOCK: what one client asks about others.
//
// A client that was killed is gone for those who ask, though its connection needs a moment to
// notice.
#include <optional>
#include <string>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/client_info.h"
#include "server/commands/client_registry.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"

namespace duet::commands {
namespace {

void AppendLine(const Session& session, int64_t now_ms, std::string& lines) {
  if (session.mailbox->closed()) return;
  lines += DescribeClient(session, now_ms);
  lines += '\n';
}

// The lines of those ids that are connected, in the order in which they were asked for.
Expected<std::string> DescribeIds(CommandContext& ctx, Argv ids) {
  std::string lines;
  for (const std::string_view text : ids) {
    const std::optional<int64_t> id = ParseInt64(text);
    if (!id) return MakeError(ErrorCode::kOutOfRange, "ERR Invalid client ID");
    ctx.server.clients->Visit(static_cast<uint64_t>(*id), [&](const Session& session) {
      AppendLine(session, ctx.now_ms, lines);
    });
  }
  return lines;
}

Expected<std::string> DescribeAll(CommandContext& ctx, std::optional<ClientKind> kind) {
  std::string lines;
  ctx.server.clients->ForEach([&](const Session& session) {
    if (!kind || KindOf(session) == *kind) AppendLine(session, ctx.now_ms, lines);
  });
  return lines;
}

// Parses "[TYPE type] [ID id [id ...]]", of which one may be given.
Expected<std::string> Describe(CommandContext& ctx) {
  const Argv options = ctx.args.subspan(2);
  if (options.empty()) return DescribeAll(ctx, std::nullopt);
  if (options.size() == 2 && EqualsIgnoreCase(options[0], "type")) {
    const Expected<ClientKind> kind = ParseClientKind(options[1]);
    if (!kind) return kind.error();
    return DescribeAll(ctx, *kind);
  }
  if (options.size() >= 2 && EqualsIgnoreCase(options[0], "id")) {
    return DescribeIds(ctx, options.subspan(1));
  }
  return SyntaxError();
}

// Whom CLIENT KILL means; what is not given holds for all.
struct KillFilter {
  std::optional<std::string_view> address{};
  std::optional<std::string_view> local_address{};
  std::optional<ClientKind> kind{};
  std::optional<uint64_t> id{};
  std::optional<int64_t> min_age_s{};
  bool skip_own = true;

  bool Means(const Session& session, uint64_t own_id, int64_t now_ms) const {
    if (session.mailbox->closed()) return false;
    if (address && session.peer_address != *address) return false;
    if (local_address && session.local_address != *local_address) return false;
    if (kind && KindOf(session) != *kind) return false;
    if (id && session.id != *id) return false;
    if (min_age_s && (now_ms - session.created_ms) / 1000 < *min_age_s) return false;
    return !skip_own || session.id != own_id;
  }
};

std::optional<Error> ParseKillAge(std::string_view text, KillFilter& filter) {
  const std::optional<int64_t> age_s = ParseInt64(text);
  if (!age_s) {
    return MakeError(ErrorCode::kOutOfRange, "ERR maxage is not an integer or out of range");
  }
  if (*age_s <= 0) {
    return MakeError(ErrorCode::kOutOfRange, "ERR maxage should be greater than 0");
  }
  filter.min_age_s = *age_s;
  return std::nullopt;
}

// One pair of CLIENT KILL's new form.
std::optional<Error> ParseKillOption(std::string_view option, std::string_view value,
                                     KillFilter& filter) {
  if (EqualsIgnoreCase(option, "id")) {
    const std::optional<int64_t> id = ParseInt64(value);
    if (!id || *id < 1) {
      return MakeError(ErrorCode::kOutOfRange, "ERR client-id should be greater than 0");
    }
    filter.id = static_cast<uint64_t>(*id);
  } else if (EqualsIgnoreCase(option, "type")) {
    const Expected<ClientKind> kind = ParseClientKind(value);
    if (!kind) return kind.error();
    filter.kind = *kind;
  } else if (EqualsIgnoreCase(option, "addr")) {
    filter.address = value;
  } else if (EqualsIgnoreCase(option, "laddr")) {
    filter.local_address = value;
  } else if (EqualsIgnoreCase(option, "user")) {
    // All clients are the default user's.
    if (value != "default") {
      return MakeError(ErrorCode::kNotFound, "ERR No such user '" + std::string(value) + "'");
    }
  } else if (EqualsIgnoreCase(option, "skipme")) {
    filter.skip_own = EqualsIgnoreCase(value, "yes");
    if (!filter.skip_own && !EqualsIgnoreCase(value, "no")) return SyntaxError();
  } else if (EqualsIgnoreCase(option, "maxage")) {
    return ParseKillAge(value, filter);
  } else {
    return SyntaxError();
  }
  return std::nullopt;
}

Expected<KillFilter> ParseKillFilter(Argv options) {
  KillFilter filter;
  for (size_t i = 0; i < options.size(); i += 2) {
    if (i + 1 == options.size()) return SyntaxError();
    if (const auto error = ParseKillOption(options[i], options[i + 1], filter)) return *error;
  }
  return filter;
}

// How many were killed. The own connection ends behind its reply.
int64_t Kill(CommandContext& ctx, const KillFilter& filter) {
  int64_t killed = 0;
  ctx.server.clients->ForEach([&](Session& session) {
    if (!filter.Means(session, ctx.session.id, ctx.now_ms)) return;
    ++killed;
    if (session.id == ctx.session.id) {
      ctx.session.close_after_reply = true;
    } else {
      session.mailbox->Close();
    }
  });
  return killed;
}

}  // namespace

void ListClients(CommandContext& ctx) {
  const Expected<std::string> lines = Describe(ctx);
  if (!lines) return ctx.reply.Error(lines.error());
  ctx.reply.Verbatim("txt", *lines);
}

void KillClients(CommandContext& ctx) {
  const Argv options = ctx.args.subspan(2);
  if (options.size() == 1) {
    const KillFilter by_address{.address = options[0], .skip_own = false};
    if (Kill(ctx, by_address) > 0) return ctx.reply.Ok();
    return ctx.reply.Error(MakeError(ErrorCode::kNotFound, "ERR No such client"));
  }
  const Expected<KillFilter> filter = ParseKillFilter(options);
  if (!filter) return ctx.reply.Error(filter.error());
  ctx.reply.Integer(Kill(ctx, *filter));
}

void UnblockClient(CommandContext& ctx) {
  if (ctx.args.size() > 4) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  Unblock how = Unblock::kAsOnTimeout;
  if (ctx.args.size() == 4) {
    const bool with_error = EqualsIgnoreCase(ctx.args[3], "error");
    if (!with_error && !EqualsIgnoreCase(ctx.args[3], "timeout")) {
      return ctx.reply.Error(
          MakeError(ErrorCode::kSyntax, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
    }
    if (with_error) how = Unblock::kWithError;
  }
  const std::optional<int64_t> id = ParseInt64(ctx.args[2]);
  if (!id) return ctx.reply.Error(NotAnInteger());
  bool unblocked = false;
  ctx.server.clients->Visit(static_cast<uint64_t>(*id), [&](Session& session) {
    Unblock expected = Unblock::kPossible;
    unblocked = session.unblock.compare_exchange_strong(expected, how);
    if (unblocked) session.mailbox->Wake();
  });
  ctx.reply.Integer(unblocked ? 1 : 0);
}

}  // namespace duet::commands
