// CONFIG: the settings that may be read and changed while the server runs.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api/settings.h"
#include "server/base/log.h"
#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/metrics/worker_counters.h"

namespace duet::commands {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What a pattern matches. A plain name comes back as it was given, since that is the name under
// which the client looks for it.
Pairs Match(const Settings& settings, std::string_view pattern) {
  Pairs matches = settings.Get(pattern);
  const bool is_name = pattern.find_first_of("*?[") == pattern.npos;
  if (is_name && matches.size() == 1) matches[0].first = pattern;
  return matches;
}

// A setting that several patterns match is given once, as the first of them gives it.
void ConfigGet(CommandContext& ctx) {
  Pairs found;
  for (const std::string_view pattern : ctx.args.subspan(2)) {
    for (auto& match : Match(*ctx.server.settings, pattern)) found.push_back(std::move(match));
  }
  std::ranges::stable_sort(found, {}, [](const auto& match) { return ToLower(match.first); });
  found.erase(
      std::unique(found.begin(), found.end(),
                  [](const auto& a, const auto& b) { return EqualsIgnoreCase(a.first, b.first); }),
      found.end());
  ctx.reply.Map(found.size());
  for (const auto& [name, value] : found) {
    ctx.reply.Bulk(name);
    ctx.reply.Bulk(value);
  }
}

void ConfigSet(CommandContext& ctx) {
  const Argv words = ctx.args.subspan(2);
  if (words.size() % 2 != 0) return ctx.reply.Error(SyntaxError());
  Pairs pairs;
  for (size_t i = 0; i < words.size(); i += 2) pairs.emplace_back(words[i], words[i + 1]);
  if (const std::optional<Error> error = ctx.server.settings->Set(pairs)) {
    return ctx.reply.Error(*error);
  }
  // The names only: a value may be a secret.
  for (const auto& [name, value] : pairs) {
    ctx.server.log->Info(LogTarget::kServer, "a client has changed a setting",
                         {{"setting", name},
                          {"connection", ctx.session.id},
                          {"peer", ctx.session.PeerAddress()},
                          {"user", ctx.session.user.Get()}});
  }
  ctx.reply.Ok();
}

void ConfigResetStat(CommandContext& ctx) {
  const store::StoreStats store = ctx.server.store->Stats();
  ctx.server.at_reset.expired_keys = store.expired_keys;
  ctx.server.at_reset.expired_lazily = store.expired_lazily;
  ctx.server.metrics->Reset();
  ctx.server.lazy_free.ResetFreed();
  ctx.reply.Ok();
}

void ConfigRewrite(CommandContext& ctx) {
  if (const std::optional<Error> error =
          ctx.server.settings->RewriteBlocking(RewriteScope::kNotDefault)) {
    return ctx.reply.Error(*error);
  }
  ctx.reply.Ok();
}

void ConfigHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "GET <pattern>",
      "    Return parameters matching the glob-like <pattern> and their values.",
      "SET <directive> <value>",
      "    Set the configuration <directive> to <value>.",
      "RESETSTAT",
      "    Reset statistics reported by the INFO command.",
      "REWRITE",
      "    Rewrite the configuration file.",
  };
  ReplyHelp(ctx.reply, "CONFIG", kLines);
}

constexpr uint32_t kAdminOnly = kAdmin | kNoScript | kLoading | kStale;

constexpr CommandSpec kSubcommands[] = {
    {.name = "get",
     .arity = -3,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.0.0",
     .summary = "Returns the settings whose names match patterns.",
     .complexity = "O(N) where N is the number of patterns.",
     .syntax = "parameter [parameter ...]",
     .handler = ConfigGet},
    {.name = "set",
     .arity = -4,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.0.0",
     .summary = "Changes settings, all of them or none.",
     .complexity = "O(N) where N is the number of settings.",
     .syntax = "parameter value [parameter value ...]",
     .handler = ConfigSet,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "resetstat",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.0.0",
     .summary = "Lets the statistics of INFO begin anew.",
     .complexity = "O(1)",
     .handler = ConfigResetStat,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "rewrite",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.8.0",
     .summary = "Writes the settings into the configuration file.",
     .complexity = "O(1)",
     .handler = ConfigRewrite,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "help",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "5.0.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = ConfigHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "config",
     .arity = -2,
     .group = "server",
     .since = "2.0.0",
     .summary = "Holds the commands about the server's settings.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ConfigCommands() { return kRows; }

}  // namespace duet::commands
