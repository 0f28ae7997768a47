// What the server knows of one client, whichever door it came through: a RESP connection, a gRPC
// stream, or one unary call.
//
// Thread class: worker-bound: used by the worker that runs its connection or call, and handed over
// as a whole when the connection moves. While it is entered in the ClientRegistry
// (client_registry.h), any thread may read what is const, Relaxed, SharedText or atomic (CLIENT
// LIST), and use the mailbox.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/relaxed.h"
#include "server/base/shared_text.h"
#include "server/commands/client_caching.h"
#include "server/commands/monitor_place.h"
#include "server/pubsub/mailbox.h"
#include "server/pubsub/subscriber.h"

namespace duet::metrics {
class WorkerCounters;
}
namespace duet::tracing {
struct Span;
}

namespace duet::commands {

struct Transaction;

enum class Door : uint8_t { kResp, kGrpcStream, kGrpcUnary };

// What makes a session's commands take further steps; none on the fast way. (dispatcher.cc)
enum SessionMode : uint32_t {
  kInTransaction = 1u << 0,  // between MULTI and EXEC
  kSubscribed = 1u << 1,     // to a channel or pattern: RESP2 allows few commands then
  kRepliesOff = 1u << 2,     // CLIENT REPLY OFF
  kSkipNextReply = 1u << 3,  // CLIENT REPLY SKIP: of the command after it
  kTracks = 1u << 4,         // CLIENT TRACKING ON
  kMonitors = 1u << 5,       // MONITOR
  kNoTouch = 1u << 6,        // CLIENT NO-TOUCH ON
  kSkipsReply = 1u << 7,     // CLIENT REPLY SKIP: of the command that runs
};

// A session whose next command has to wait, or whose last one has no reply yet.
struct Wait {
  enum class For : uint8_t {
    kUnpause,       // CLIENT PAUSE: the next command is executed when it ends
    kReplicas,      // WAIT: its reply is 0 when the time has come
    kReplicasLogs,  // WAITAOF: as WAIT, but two zeros
  };
  For what = For::kUnpause;
  int64_t until_ms = 0;       // wall clock; kNoEnd: until it is woken
  bool holds_writes = false;  // kUnpause: the next command is a write
  static constexpr int64_t kNoEnd = INT64_MAX;
};

// What CLIENT UNBLOCK may ask of a session, and has asked.
enum class Unblock : uint8_t {
  kImpossible,  // no command waits for its reply
  kPossible,
  kAsOnTimeout,
  kWithError,
};

// A door that can write what others have sent where the next reply will stand.
class MailCarrier {
 public:
  virtual void DeliverMail() = 0;

 protected:
  ~MailCarrier() = default;
};

class Session {
 public:
  // Of a unary call, which is no client of CLIENT LIST.
  static constexpr uint64_t kNoId = 0;

  Session(Door through, uint64_t session_id, metrics::WorkerCounters* worker_counters);
  ~Session();

  // What every batch uses comes first: with a thousand clients it has to be fetched from memory
  // each time.
  const Door door;
  Relaxed<bool> close_after_reply{false};  // QUIT, and errors that end the connection
  Relaxed<bool> waits{false};              // `wait` is set
  bool authenticated = true;               // false until AUTH where a password was set at connect
  Relaxed<uint32_t> modes{0};              // SessionMode
  Relaxed<int> database{0};                // SELECT
  Relaxed<int> protocol{2};                // RESP version that replies are written in; HELLO
  const uint64_t id;                       // unique in the process, from 1, or kNoId; CLIENT ID
  metrics::WorkerCounters* counters;       // of the worker that runs this session now; never null
  // What others send to this client. Null where nothing can be sent to it (a unary call).
  std::shared_ptr<pubsub::Mailbox> mailbox;
  MailCarrier* carrier = nullptr;       // null: somebody else takes the mail (tests)
  Relaxed<int64_t> last_command_ms{0};  // set by the dispatcher, once a batch
  Relaxed<uint64_t> commands_processed{0};
  Relaxed<uint64_t> bytes_in{0};  // tot-net-in
  Relaxed<uint64_t> bytes_out{0};
  Relaxed<uint64_t> query_buffer_bytes{0};   // qbuf: unparsed input held for this connection
  Relaxed<uint64_t> output_buffer_bytes{0};  // replies that the client has not read
  // Full name of the row ("client|info"); null: no command yet.
  Relaxed<const std::string*> last_command{nullptr};

  SharedText user{"default"};
  SharedText name;                // CLIENT SETNAME
  SharedText library_name;        // CLIENT SETINFO LIB-NAME
  SharedText library_version;     // CLIENT SETINFO LIB-VER
  Relaxed<bool> no_evict{false};  // CLIENT NO-EVICT; there is no eviction of clients to be spared

  Relaxed<bool> hears_of_maintenance{false};  // CLIENT MAINT_NOTIFICATIONS (maintenance.h)

  // The dispatcher sets it and says BatchState::kWait; the door waits and calls Resume.
  std::optional<Wait> wait;
  Relaxed<bool> waits_for_time{false};  // the command that waits has a time limit
  // Set by others while it is kPossible, who then wake the mailbox.
  std::atomic<Unblock> unblock{Unblock::kImpossible};

  std::unique_ptr<Transaction> transaction;  // transaction.h; null: none, and no key is watched
  Relaxed<int64_t> queued_commands{-1};      // between MULTI and EXEC; -1: not there
  Relaxed<uint64_t> queued_bytes{0};         // what they hold
  Relaxed<uint64_t> watched_keys{0};         // WATCH

  pubsub::Subscriber subscriber;  // what it listens to

  ClientCaching caching;  // CLIENT TRACKING

  // Of the gRPC call that runs, if that is traced.
  const tracing::Span* span = nullptr;

  // Of a client that monitors (MONITOR).
  std::optional<MonitorPlace> monitoring;

  // For CLIENT INFO; the door fills them before it enters the session in the registry.
  std::string peer_address;  // "127.0.0.1:50412", "/run/duet.sock:0"; empty: `peer` knows
  std::string local_address;
  int fd = -1;
  int64_t created_ms = 0;

  // Who the client is, for doors where finding out costs too much to be done for each call.
  // Worker-bound, as the session.
  class Peer {
   public:
    virtual std::string Address() const = 0;

   protected:
    ~Peer() = default;
  };
  const Peer* peer = nullptr;
  std::string PeerAddress() const { return peer != nullptr ? peer->Address() : peer_address; }

  // True for doors whose state lasts from one command to the next (SELECT, HELLO, ...).
  bool is_connection() const { return door != Door::kGrpcUnary; }
  bool has(SessionMode mode) const { return (modes & mode) != 0; }
  void set(SessionMode mode, bool on) { modes = on ? modes | mode : modes & ~uint32_t{mode}; }
  // What has come by now is written before the reply that follows. For replies that say that no
  // more will come, without which a client takes a late message for the reply to something else.
  // Inside of a transaction it stays: there the reply is part of EXEC's.
  void DeliverMail() {
    if (carrier != nullptr && !has(kInTransaction)) carrier->DeliverMail();
  }
  // Begins to wait, and ends it. A wait for anything but the end of a pause can be unblocked.
  void StartWait(const Wait& reason);
  void StopWait();
  // Nobody tells the client of keys any more (CLIENT TRACKING OFF).
  void StopTracking();
  // RESET: everything but the identity goes back to how it was at connect.
  void Reset(bool authenticated_by_default);
};

}  // namespace duet::commands
