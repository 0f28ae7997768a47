#include "server/commands/client_tracking.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/base/numbers.h"
#include "server/commands/call.h"
#include "server/commands/client_registry.h"
#include "server/commands/context.h"
#include "server/commands/tracking.h"

namespace duet::commands {
namespace {

struct TrackingRequest {
  uint32_t options = 0;  // TrackingOption
  uint64_t redirect = 0;
  std::vector<std::string_view> prefixes;

  bool has(TrackingOption option) const { return (options & option) != 0; }
};

Error Refusal(std::string text) { return MakeError(ErrorCode::kGeneric, "ERR " + std::move(text)); }

std::optional<Error> ParseRedirect(CommandContext& ctx, std::string_view text,
                                   TrackingRequest& request) {
  if (request.redirect != 0) {
    return Refusal("A client can only redirect to a single other client");
  }
  const std::optional<int64_t> id = ParseInt64(text);
  if (!id) return NotAnInteger();
  const bool found = ctx.server.clients->Visit(static_cast<uint64_t>(*id), [](const Session&) {});
  if (!found) return Refusal("The client ID you want redirect to does not exist");
  request.redirect = static_cast<uint64_t>(*id);
  return std::nullopt;
}

Expected<TrackingRequest> ParseTracking(CommandContext& ctx) {
  TrackingRequest request;
  const Argv args = ctx.args;
  for (size_t i = 3; i < args.size(); ++i) {
    const bool more = i + 1 < args.size();
    if (EqualsIgnoreCase(args[i], "redirect") && more) {
      if (const auto error = ParseRedirect(ctx, args[++i], request)) return *error;
    } else if (EqualsIgnoreCase(args[i], "prefix") && more) {
      request.prefixes.push_back(args[++i]);
    } else if (EqualsIgnoreCase(args[i], "bcast")) {
      request.options |= kBroadcasts;
    } else if (EqualsIgnoreCase(args[i], "optin")) {
      request.options |= kOptIn;
    } else if (EqualsIgnoreCase(args[i], "optout")) {
      request.options |= kOptOut;
    } else if (EqualsIgnoreCase(args[i], "noloop")) {
      request.options |= kNoLoop;
    } else {
      return SyntaxError();
    }
  }
  return request;
}

// Two prefixes overlap if there is a key that has both.
bool Overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

std::optional<Error> CheckPrefixes(const ClientCaching& caching, const TrackingRequest& request) {
  constexpr std::string_view kRule = "'. Prefixes for a single client must not overlap.";
  // Each is compared with each.
  constexpr size_t kMaxPrefixes = 1000;
  if (caching.prefixes.size() + request.prefixes.size() > kMaxPrefixes) {
    return Refusal(absl::StrCat("A client can track at most ", kMaxPrefixes, " prefixes"));
  }
  for (size_t i = 0; i < request.prefixes.size(); ++i) {
    const std::string prefix(request.prefixes[i]);
    for (const std::string& existing : caching.prefixes) {
      if (!Overlap(prefix, existing)) continue;
      return Refusal("Prefix '" + prefix + "' overlaps with an existing prefix '" + existing +
                     std::string(kRule));
    }
    for (size_t j = i + 1; j < request.prefixes.size(); ++j) {
      if (!Overlap(prefix, request.prefixes[j])) continue;
      return Refusal("Prefix '" + prefix + "' overlaps with another provided prefix '" +
                     std::string(request.prefixes[j]) + std::string(kRule));
    }
  }
  return std::nullopt;
}

// In Redis' order, which decides what a client hears of several faults.
std::optional<Error> CheckTracking(const Session& session, const TrackingRequest& request) {
  const ClientCaching& caching = session.caching;
  constexpr std::string_view kFirstOff =
      " before disabling tracking for this client, and then re-enabling it with a different mode.";
  if (!request.has(kBroadcasts) && !request.prefixes.empty()) {
    return Refusal("PREFIX option requires BCAST mode to be enabled");
  }
  if (session.has(kTracks) && caching.has(kBroadcasts) != request.has(kBroadcasts)) {
    return Refusal(absl::StrCat("You can't switch BCAST mode on/off", std::string(kFirstOff)));
  }
  if (request.has(kBroadcasts) && (request.has(kOptIn) || request.has(kOptOut))) {
    return Refusal("OPTIN and OPTOUT are not compatible with BCAST");
  }
  if (request.has(kOptIn) && request.has(kOptOut)) {
    return Refusal("You can't specify both OPTIN mode and OPTOUT mode");
  }
  if ((request.has(kOptIn) && caching.has(kOptOut)) ||
      (request.has(kOptOut) && caching.has(kOptIn))) {
    return Refusal(absl::StrCat("You can't switch OPTIN/OPTOUT mode", std::string(kFirstOff)));
  }
  return CheckPrefixes(caching, request);
}

std::vector<std::string_view> Flags(const Session& session) {
  const ClientCaching& caching = session.caching;
  std::vector<std::string_view> flags = {session.has(kTracks) ? "on" : "off"};
  if (caching.has(kBroadcasts)) flags.emplace_back("bcast");
  if (caching.has(kOptIn)) flags.emplace_back("optin");
  if (caching.has(kOptIn) && caching.given) flags.emplace_back("caching-yes");
  if (caching.has(kOptOut)) flags.emplace_back("optout");
  if (caching.has(kOptOut) && caching.given) flags.emplace_back("caching-no");
  if (caching.has(kNoLoop)) flags.emplace_back("noloop");
  if (caching.redirect_broken) flags.emplace_back("broken_redirect");
  return flags;
}

int64_t RedirectOf(const Session& session) {
  return session.has(kTracks) ? static_cast<int64_t>(session.caching.redirect.get()) : -1;
}

}  // namespace

void SwitchTracking(CommandContext& ctx) {
  const Expected<TrackingRequest> request = ParseTracking(ctx);
  if (!request) return ctx.reply.Error(request.error());
  if (EqualsIgnoreCase(ctx.args[2], "off")) {
    ctx.server.tracking->Stop(ctx.session);
  } else if (!EqualsIgnoreCase(ctx.args[2], "on")) {
    return ctx.reply.Error(SyntaxError());
  } else {
    if (const auto error = CheckTracking(ctx.session, *request)) return ctx.reply.Error(*error);
    ctx.server.tracking->Start(ctx.session, request->options, request->redirect, request->prefixes);
  }
  ctx.reply.Ok();
}

void AnnounceCaching(CommandContext& ctx) {
  ClientCaching& caching = ctx.session.caching;
  if (!ctx.session.has(kTracks)) {
    return ctx.reply.Error(
        Refusal("CLIENT CACHING can be called only when the client is in tracking mode with OPTIN "
                "or OPTOUT mode enabled"));
  }
  const bool yes = EqualsIgnoreCase(ctx.args[2], "yes");
  if (!yes && !EqualsIgnoreCase(ctx.args[2], "no")) return ctx.reply.Error(SyntaxError());
  if (yes && !caching.has(kOptIn)) {
    return ctx.reply.Error(
        Refusal("CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."));
  }
  if (!yes && !caching.has(kOptOut)) {
    return ctx.reply.Error(
        Refusal("CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."));
  }
  caching.given = true;
  ctx.reply.Ok();
}

void ShowTracking(CommandContext& ctx) {
  const std::vector<std::string_view> flags = Flags(ctx.session);
  const std::vector<std::string>& prefixes = ctx.session.caching.prefixes;
  ctx.reply.Map(3);
  ctx.reply.Bulk("flags");
  ctx.reply.Set(flags.size());
  for (const std::string_view flag : flags) ctx.reply.Bulk(flag);
  ctx.reply.Bulk("redirect");
  ctx.reply.Integer(RedirectOf(ctx.session));
  ctx.reply.Bulk("prefixes");
  ctx.reply.Array(prefixes.size());
  for (const std::string& prefix : prefixes) ctx.reply.Bulk(prefix);
}

void ShowRedirect(CommandContext& ctx) { ctx.reply.Integer(RedirectOf(ctx.session)); }

void EndCaching(const Call& call) {
  Session& session = call.session;
  const Command* const container = call.command->container;
  const bool of_client = container != nullptr && container->full_name == "client";
  if (!of_client && !session.has(kInTransaction)) session.caching.given = false;
}

}  // namespace duet::commands
