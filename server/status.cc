#include "server/status.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/base/json.h"
#include "server/commands/client_registry.h"
#include "server/commands/session.h"
#include "server/commands/slow_log.h"

namespace duet {
namespace {

// An object or array under construction: puts the commas.
class JsonWriter {
 public:
  void Open(char bracket) {
    text_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void Name(std::string_view name) {
    Next();
    AppendJsonString(text_, name);
    text_ += ':';
    first_ = true;  // its value has no comma before it
  }
  void Member(std::string_view name, std::string_view value) {
    Name(name);
    AppendJsonString(text_, value);
    first_ = false;
  }
  template <typename Number>
  requires(std::is_arithmetic_v<Number>) void Member(std::string_view name, Number value) {
    Name(name);
    text_ += std::to_string(value);
    first_ = false;
  }
  void Truth(std::string_view name, bool value) {
    Name(name);
    text_ += value ? "true" : "false";
    first_ = false;
  }
  void OpenItem() {
    Next();
    Open('{');
  }
  std::string Take() && { return std::move(text_); }

 private:
  void Next() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  std::string text_;
  bool first_ = true;
};

struct Client {
  std::string address;
  std::string name;
  std::string library;
  std::string user;
  std::string command;
  int database = 0;
  int64_t last_ms = 0;
  int64_t created_ms = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

Client Describe(const commands::Session& session) {
  const std::string* const command = session.last_command;
  std::string library = session.library_name.Get();
  const std::string version = session.library_version.Get();
  if (!version.empty()) library += " " + version;
  return {.address = session.PeerAddress(),
          .name = session.name.Get(),
          .library = std::move(library),
          .user = session.user.Get(),
          .command = command == nullptr ? "" : *command,
          .database = session.database,
          .last_ms = session.last_command_ms,
          .created_ms = session.created_ms,
          .bytes_in = session.bytes_in,
          .bytes_out = session.bytes_out};
}

void WriteSlowLog(commands::ServerContext& server, int64_t now_ms, JsonWriter& json) {
  json.Name("slow_log");
  json.Open('[');
  for (const commands::SlowLogEntry& entry : server.trace.slow_log().Newest(kMostSlow)) {
    json.OpenItem();
    json.Member("command", entry.words.empty() ? "" : std::string_view(entry.words[0]));
    json.Member("duration_us", entry.duration_us);
    json.Member("age_seconds", std::max<int64_t>(0, now_ms / 1000 - entry.time_s));
    json.Member("address", entry.peer_address);
    json.Member("name", entry.client_name);
    json.Close('}');
  }
  json.Close(']');
}

void WriteClients(commands::ServerContext& server, int64_t now_ms, JsonWriter& json) {
  std::vector<Client> clients;
  server.clients->ForEach(
      [&clients](const commands::Session& session) { clients.push_back(Describe(session)); });
  json.Member("client_count", clients.size());
  const size_t shown = std::min(clients.size(), kMostClients);
  std::ranges::partial_sort(clients, clients.begin() + static_cast<ptrdiff_t>(shown),
                            std::greater<>(), &Client::last_ms);
  clients.resize(shown);
  json.Name("clients");
  json.Open('[');
  for (const Client& client : clients) {
    json.OpenItem();
    json.Member("address", client.address);
    json.Member("name", client.name);
    json.Member("library", client.library);
    json.Member("user", client.user);
    json.Member("database", client.database);
    json.Member("command", client.command);
    json.Member("idle_seconds", std::max<int64_t>(0, now_ms - client.last_ms) / 1000);
    json.Member("age_seconds", std::max<int64_t>(0, now_ms - client.created_ms) / 1000);
    json.Member("bytes_in", client.bytes_in);
    json.Member("bytes_out", client.bytes_out);
    json.Close('}');
  }
  json.Close(']');
}

}  // namespace

std::string StatusJson(commands::ServerContext& server, std::string_view version, bool ready) {
  const int64_t now_ms = server.clock->WallMs();
  JsonWriter json;
  json.Open('{');
  json.Member("version", version);
  json.Truth("ready", ready);
  WriteSlowLog(server, now_ms, json);
  WriteClients(server, now_ms, json);
  json.Close('}');
  return std::move(json).Take() + "\n";
}

}  // namespace duet
