#include "server/commands/tracking.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "server/commands/client_registry.h"
#include "server/commands/command_spec.h"
#include "server/commands/invalidation.h"

namespace duet::commands {
namespace {

// Keys that EnforceLimit takes out of the table at once.
constexpr int kEffort = 1000;

void Post(const ServerContext& server, Session& to, const pubsub::Message& message) {
  const ClientClass of = to.has(kSubscribed) ? ClientClass::kPubsub : ClientClass::kNormal;
  to.mailbox->Send(message, server.output_limits.Get(of), server.clock->WallMs());
}

bool RemembersNext(const ClientCaching& caching) {
  if (caching.has(kBroadcasts)) return false;
  if (caching.has(kOptIn)) return caching.given;
  return !(caching.has(kOptOut) && caching.given);
}

}  // namespace

void Tracking::Start(Session& session, uint32_t options, uint64_t redirect, Argv prefixes) {
  ClientCaching& caching = session.caching;
  if (!session.has(kTracks)) {
    absl::MutexLock lock(&mutex_);
    if (clients_++ == 0) observers_.Listen(*this, true);
  }
  caching.tracking = this;
  caching.options = options;
  caching.redirect = redirect;
  caching.redirect_broken = false;
  const auto add = [&](std::string_view prefix) {
    if (std::ranges::find(caching.prefixes, prefix) != caching.prefixes.end()) return;
    caching.prefixes.emplace_back(prefix);
    prefixes_.Add(prefix, session.id);
  };
  for (const std::string_view prefix : prefixes) add(prefix);
  if ((options & kBroadcasts) != 0 && prefixes.empty()) add("");
  session.set(kTracks, true);
}

void Tracking::Stop(Session& session) {
  if (!session.has(kTracks)) return;
  ClientCaching& caching = session.caching;
  session.set(kTracks, false);
  for (const std::string& prefix : caching.prefixes) prefixes_.Remove(prefix, session.id);
  caching.prefixes.clear();
  caching.options = 0;
  caching.redirect = 0;
  caching.redirect_broken = false;
  caching.given = false;
  absl::MutexLock lock(&mutex_);
  if (--clients_ > 0) return;
  observers_.Listen(*this, false);
  keys_.Clear();
}

void Tracking::Remember(const Call& call) {
  const uint32_t flags = call.command->spec->flags;
  if ((flags & kReadOnly) == 0 || !RemembersNext(call.session.caching)) return;
  const auto tracks = [this](uint64_t id) {
    bool does = false;
    server_.clients->Visit(id, [&](const Session& session) { does = session.has(kTracks); });
    return does;
  };
  for (const store::Key& key : call.keys) keys_.Add(key.bytes, call.session.id, tracks);
  EnforceLimit();
}

void Tracking::EnforceLimit() {
  const uint64_t max = max_keys_.load(std::memory_order_relaxed);
  if (max == 0) return;
  for (int i = 0; i < kEffort && keys_.keys() > max; ++i) {
    const TrackedKeys::Taken taken = keys_.TakeBeyond(max);
    InvalidateFor(taken.clients, taken.key, /*origin=*/0);
  }
}

void Tracking::KeyChanged(int, std::string_view key, store::Origin origin) {
  prefixes_.KeyChanged(key, origin);
  InvalidateFor(keys_.Take(key), key, origin);
}

void Tracking::InvalidateFor(const TrackedKeys::Ids& clients, std::string_view key,
                             store::Origin origin) {
  if (clients.empty()) return;
  Invalidation what(std::span(&key, 1));
  for (const uint64_t client : clients) {
    bool wants = false;
    server_.clients->Visit(client, [&](const Session& session) {
      const ClientCaching& caching = session.caching;
      wants = session.has(kTracks) && !caching.has(kBroadcasts) &&
              !(caching.has(kNoLoop) && origin == client);
    });
    if (wants) Send(client, what);
  }
}

void Tracking::InvalidateAll() {
  {
    absl::MutexLock lock(&mutex_);
    if (clients_ == 0) return;
  }
  keys_.Clear();
  std::vector<uint64_t> clients;
  server_.clients->ForEach([&](const Session& session) {
    if (session.has(kTracks)) clients.push_back(session.id);
  });
  Invalidation all = Invalidation::OfAll();
  for (const uint64_t client : clients) Send(client, all);
}

void Tracking::TellPrefixesNow() {
  prefixes_.Tell([this](uint64_t client, const TrackedPrefixes::Changed& changed) {
    bool no_loop = false;
    server_.clients->Visit(client,
                           [&](const Session& session) { no_loop = session.caching.has(kNoLoop); });
    std::vector<std::string_view> keys;
    keys.reserve(changed.size());
    for (const auto& [key, origin] : changed) {
      if (!no_loop || origin != client) keys.push_back(key);
    }
    if (keys.empty()) return;
    Invalidation what(keys);
    Send(client, what);
  });
}

// A client of RESP2 has no place for a push, so it hears only through a client that listens to a
// channel.
void Tracking::Send(uint64_t client, Invalidation& what) {
  uint64_t redirect = 0;
  server_.clients->Visit(client, [&](Session& session) {
    redirect = session.caching.redirect;
    if (redirect == 0 && session.protocol >= 3) Post(server_, session, what.push());
  });
  if (redirect != 0) SendRedirected(client, redirect, what);
}

void Tracking::SendRedirected(uint64_t client, uint64_t redirect, Invalidation& what) {
  bool found = false;
  server_.clients->Visit(redirect, [&](Session& session) {
    // One that is about to close reads no more, though it is still there.
    found = !session.close_after_reply && !session.mailbox->closed();
    if (!found) return;
    if (session.protocol >= 3) {
      Post(server_, session, what.push());
    } else if (session.has(kSubscribed)) {
      Post(server_, session, what.channel_message());
    }
  });
  if (found) return;
  server_.clients->Visit(client, [&](Session& session) {
    session.caching.redirect_broken = true;
    if (session.protocol >= 3) Post(server_, session, RedirectBroken(redirect));
  });
}

}  // namespace duet::commands
