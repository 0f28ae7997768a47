// One RESP client, from accept to close: a coroutine that reads, parses a batch, executes it and
// answers with one write.
//
//   read -> parse everything that came -> Dispatcher::ExecuteBatch -> one send
//
// The send of small replies waits until the worker has executed what other clients sent meanwhile
// (outbox.h).
//
// What is read lies in a hot read buffer of the worker; only a partial command is copied to the
// connection (`partial_`), and later reads go straight behind it. Replies are written into the
// worker's hot output buffer. So an idle connection owns no buffers, and a busy one copies nothing
// but the value. The hot buffers may be used only between two awaits.
//
// What others send to the client (published messages, invalidations) lies in the session's mailbox.
// Leaving it there rings the connection's bell, which interrupts its read; between two replies of a
// busy connection it is taken along.
//
// Back-pressure: a connection whose replies cannot be sent waits for that and is not read from.
// At most one batch of replies beyond kFlushBytes, and one partial command, are held for a client.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/argv.h"
#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/commands/client_registry.h"
#include "server/commands/dispatcher.h"
#include "server/commands/session.h"
#include "server/metrics/worker_counters.h"
#include "server/resp/encoder.h"
#include "server/resp/input_buffer.h"
#include "server/resp/outbox.h"
#include "server/resp/output_buffer.h"
#include "server/resp/parser.h"
#include "server/runtime/doorbell.h"
#include "server/runtime/stream.h"
#include "server/runtime/task.h"
#include "server/runtime/timer.h"

namespace duet::resp {

class Connection;

// What the connections of one worker share. Worker-bound.
struct WorkerState {
  explicit WorkerState(runtime::Worker& worker) : outbox(worker) {}

  metrics::WorkerCounters* counters = nullptr;
  CommandBatch batch;
  OutputBuffer output;
  Outbox outbox;
  Connection* connections = nullptr;  // head of the list of those that live here
};

// Has the key of a command that has come in the cache by the time that it is executed. The commands
// of one batch do that for each other (dispatcher.h); here those of many clients, who send one at a
// time, do: 5 % less server CPU per GET at a pipeline of 1. Thread-safe.
class KeyPreview final : public runtime::InputPreview {
 public:
  explicit KeyPreview(const commands::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
  uint64_t Look(std::string_view input) override;
  void Prefetch(uint64_t seen) override { dispatcher_.PrefetchEntry(seen); }

 private:
  static constexpr size_t kMaxKeyBytes = 256;  // a longer one takes too long to be hashed twice

  const commands::Dispatcher& dispatcher_;
};

// What all connections share. Read-only once the listener runs.
struct ConnectionServices {
  commands::Dispatcher& dispatcher;
  commands::ClientRegistry& clients;
  const Limits& limits;
  const Clock& clock;
  KeyPreview preview{dispatcher};
  std::atomic<bool> draining{false};                  // connections that begin now end at once
  std::vector<std::unique_ptr<WorkerState>> workers;  // by worker index
};

// Worker-bound: lives on the worker of its stream and moves with it.
class Connection final : private runtime::Doorbell::Handler,
                         private commands::MailCarrier,
                         private Outbox::Sender {
 public:
  // `services` outlives the connection.
  Connection(ConnectionServices& services, std::unique_ptr<runtime::Stream> stream,
             commands::ClientRegistry::Place place);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The whole life of the client; ends when it closed, was refused, or Drain() was called.
  runtime::Task<> Run();

  // On the connection's worker, inline. Drain: executes and answers what the client has sent by
  // now, and closes. CutOff: closes, whatever it waits for.
  void Drain();
  void CutOff();

  // When the client last sent something; wall clock.
  int64_t last_input_ms() const { return session_.last_command_ms; }
  // Is it silent because it waits for something: messages, or the reply to a command?
  bool listens() const {
    return session_.waits || session_.has(commands::kSubscribed) ||
           session_.has(commands::kMonitors);
  }

  // The list of the worker's connections.
  Connection* next() const { return next_; }

 private:
  enum class Next : uint8_t {
    kRead,   // all is executed and sent or staged, or has to wait (session_.waits)
    kFlush,  // unsent_ has to be sent before anything else; partial_ may hold more commands
    kClose,
  };

  // What came of a read.
  enum class Input : uint8_t {
    kSome,         // in input_
    kInterrupted,  // nothing: the bell rang, or the time to wait is over
    kEnd,          // the client is gone, or the drain is done
  };

  void OnRing() override;
  void DeliverMail() override;
  void SendStaged(std::string_view replies) override;
  void Prefetch() const override { stream_->Prefetch(); }
  runtime::Task<Input> ReadMore();
  Input ReadLast();
  runtime::Task<bool> FlushUnsent();
  Next HandleInput(Input input);
  Next ExecuteInput();
  Next GoOnWaiting(Input input);
  void TakeMail();
  void WriteMail(size_t max_bytes);
  void NoteUnsent(size_t bytes);
  void StartWaitTimer();
  bool ExecuteBatch(RespWriter& writer, size_t parsed_bytes, Next* next);
  Next EndWithProtocolError(RespWriter& writer);
  Next SendOutput();
  Next SendOutputWithTurn();
  runtime::IoResult Send(std::string_view replies);
  Next Finish();
  void KeepUnexecuted(size_t executed, size_t parsed_bytes);
  void KeepInput();
  bool IsTrusted() const;  // has the client given the password, or need not?
  size_t InputLimitBytes() const;
  size_t OutputLimitBytes() const;
  bool OutputOverLimit() const;
  Next DropOutput();
  void NoteOutputLimit(std::string_view what);
  void NoteTlsFailure();
  void LogEvent(LogLevel level, std::string_view message, std::string_view reason = {});
  void CountRead(size_t bytes);
  void CountWrite(size_t bytes);
  void JoinWorker();
  void LeaveWorker();
  WorkerState& state() const { return *worker_; }

  // What every batch uses stands together, up to the first part of the session (session.h).
  ConnectionServices& services_;
  const std::unique_ptr<runtime::Stream> stream_;
  WorkerState* worker_ = nullptr;  // of the worker that the stream lives on
  bool draining_ = false;
  bool staged_ = false;     // the worker's outbox holds replies
  std::string_view input_;  // what is to be executed: in the hot buffer or in partial_
  InputBuffer partial_;     // input that did not end with a command
  size_t need_bytes_ = 0;   // at least so many are missing to complete it
  std::string unsent_;      // replies that the socket did not take
  RequestParser parser_;
  commands::Session session_;

  const commands::ClientRegistry::Place place_;
  const std::shared_ptr<runtime::Doorbell> bell_ = runtime::Doorbell::Make();
  std::optional<commands::ClientRegistry::Entry> entry_;  // after session_: leaves before it dies
  std::optional<runtime::Timer> wait_timer_;              // while the session waits for a time
  Connection* next_ = nullptr;                            // in the worker's list
  Connection* previous_ = nullptr;
};

}  // namespace duet::resp
