#include "tests/support/in_process.h"

#include "tests/support/notation.h"

namespace duet::testing {

InProcess::InProcess(commands::Door door) : door_(door) { Reset(); }

std::unique_ptr<commands::Session> InProcess::NewSession() {
  auto fresh = std::make_unique<commands::Session>(door_, clients.NextId(), &registry.worker(0));
  fresh->peer_address = "127.0.0.1:50412";
  fresh->local_address = "127.0.0.1:6379";
  fresh->fd = 8;
  fresh->created_ms = clock.WallMs();
  fresh->authenticated = !server.password.required();
  if (fresh->is_connection()) fresh->mailbox = std::make_shared<pubsub::Mailbox>(nullptr);
  return fresh;
}

void InProcess::Reset() {
  clock.AdvanceMs(kStartMs - clock.WallMs());
  store = std::make_unique<store::Store>(store::StoreOptions{.shard_bits = 4, .hash_seed = 7});
  server.store = store.get();
  server.clock = &clock;
  server.settings = &settings;
  server.metrics = &registry;
  server.clients = &clients;
  server.hub = &hub;
  server.limits = &limits;
  server.run_id = std::string(40, 'a');
  server.start_ms = clock.WallMs();
  dispatcher = std::make_unique<commands::Dispatcher>(server);
  session = NewSession();
}

std::string InProcess::Send(const std::vector<std::string>& argv) {
  const std::vector<std::string_view> views(argv.begin(), argv.end());
  ReplyRecorder reply(*session);
  dispatcher->Execute(*session, views, reply);
  return reply.Take();
}

std::string InProcess::Run(std::initializer_list<std::string_view> argv) {
  return Notation(Send(std::vector<std::string>(argv.begin(), argv.end())));
}

std::vector<std::string> InProcess::RunBatch(
    const std::vector<std::vector<std::string>>& commands) {
  CommandBatch batch;
  for (const auto& argv : commands) {
    for (const std::string& word : argv) batch.Add(word);
    batch.EndCommand();
  }
  struct Replies {
    ReplyRecorder recorder;
    std::vector<std::string> done;
  } replies{ReplyRecorder(*session), {}};
  // Asked after each command, so it is where one reply ends and the next begins.
  const auto cut = [](void* context) {
    auto* all = static_cast<Replies*>(context);
    all->done.push_back(Notation(all->recorder.Take()));
    return false;
  };
  dispatcher->ExecuteBatch(*session, batch, 0, replies.recorder, cut, &replies);
  if (!replies.recorder.bytes().empty()) cut(&replies);
  return replies.done;
}

}  // namespace duet::testing
