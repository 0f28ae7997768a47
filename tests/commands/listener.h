// One more client of an in-process engine, whose mail the test takes.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/in_process.h"
#include "tests/support/notation.h"

namespace duet::testing {

// Thread-compatible.
class Listener {
 public:
  explicit Listener(InProcess& engine)
      : engine_(engine),
        session_(commands::Door::kResp, engine.clients.NextId(), &engine.registry.worker(1)) {
    session_.mailbox = std::make_shared<pubsub::Mailbox>(nullptr);
  }

  // The replies in notation.
  std::string Run(std::initializer_list<std::string_view> argv) {
    const std::vector<std::string_view> words(argv);
    ReplyRecorder reply(session_);
    engine_.dispatcher->Execute(session_, words, reply);
    return Notation(reply.Take());
  }
  // What others have sent since the last call, in notation.
  std::string Mail() {
    std::string bytes;
    for (const pubsub::Message& message : session_.mailbox->TakeAll()) bytes += *message;
    return Notation(bytes);
  }
  commands::Session& session() { return session_; }

 private:
  InProcess& engine_;
  commands::Session session_;
};

}  // namespace duet::testing
