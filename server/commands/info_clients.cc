// INFO about those that are connected.
#include <algorithm>
#include <cstdint>

#include "server/commands/client_registry.h"
#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"

namespace duet::commands {
namespace {

struct ClientFigures {
  uint64_t connected = 0;
  uint64_t waiting = 0;
  uint64_t waiting_for_time = 0;
  uint64_t tracking = 0;
  uint64_t subscribed = 0;
  uint64_t watching = 0;
  uint64_t largest_input_bytes = 0;
  uint64_t largest_output_bytes = 0;
};

// A client that was killed is not counted, though its connection needs a moment to notice.
ClientFigures CountClients(const ClientRegistry& clients) {
  ClientFigures figures;
  clients.ForEach([&figures](const Session& session) {
    if (session.mailbox->closed()) return;
    ++figures.connected;
    figures.waiting += session.waits ? 1 : 0;
    figures.waiting_for_time += session.waits_for_time ? 1 : 0;
    figures.tracking += session.has(kTracks) ? 1 : 0;
    figures.subscribed += session.has(kSubscribed) ? 1 : 0;
    figures.watching += session.watched_keys != 0 ? 1 : 0;
    const uint64_t output = session.output_buffer_bytes + session.mailbox->bytes();
    figures.largest_input_bytes =
        std::max(figures.largest_input_bytes, session.query_buffer_bytes.get());
    figures.largest_output_bytes = std::max(figures.largest_output_bytes, output);
  });
  return figures;
}

}  // namespace

void InfoClients(CommandContext& ctx, InfoText& out) {
  const ClientFigures figures = CountClients(*ctx.server.clients);
  out.Section("Clients");
  out.Field("connected_clients", figures.connected);
  out.Field("cluster_connections", 0);
  out.Field("maxclients", uint64_t{ctx.server.clients->max_clients()});
  out.Field("client_recent_max_input_buffer", figures.largest_input_bytes);
  out.Field("client_recent_max_output_buffer", figures.largest_output_bytes);
  out.Field("blocked_clients", figures.waiting);
  out.Field("tracking_clients", figures.tracking);
  out.Field("pubsub_clients", figures.subscribed);
  out.Field("watching_clients", figures.watching);
  out.Field("clients_in_timeout_table", figures.waiting_for_time);
  out.Field("total_blocking_keys", 0);
  out.Field("total_blocking_keys_on_nokey", 0);
}

}  // namespace duet::commands
