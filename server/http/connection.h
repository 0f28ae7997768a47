// One client of the admin port: requests one after the other, pipelined ones included, each
// answered before the next is looked at.
//
// An idle connection is closed too where the port has no place for another (admin_server.h).
//
// Time. A request must arrive whole within request_timeout of its first byte (slow loris gets 408);
// a connection without a request is closed in silence after idle_timeout; an answer must be taken
// within write_timeout.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/http/request_parser.h"
#include "server/http/router.h"
#include "server/runtime/cancel.h"
#include "server/runtime/stream.h"
#include "server/runtime/task.h"
#include "server/runtime/timer.h"

namespace duet::http {

struct ConnectionOptions {
  ParserLimits limits;
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{10'000};
  std::chrono::milliseconds linger_timeout{1'000};
};

// Thread class: worker-bound: made, run and destroyed on the stream's worker.
class Connection {
 public:
  // `router` and `options` outlive it. `drain`: answers what has come, then closes. `abort`: closes
  // now.
  Connection(std::unique_ptr<runtime::Stream> stream, const Router& router,
             const ConnectionOptions& options, runtime::CancelToken drain,
             runtime::CancelToken abort);

  // Ends when the connection is done with. Run it once.
  runtime::Task<> Run();

  // Since when it waits for its client: for a request, or its rest, or for its end (monotonic).
  // Nothing: it answers.
  std::optional<int64_t> waits_since_ns() const { return waits_since_ns_; }
  // Has it close. A request that has arrived whole is answered before. REQUIRES: it waits.
  void GiveUp() { stream_->CancelReadsFromAnyThread(); }

 private:
  enum class Next : uint8_t { kRequest, kRefuse, kClose };

  runtime::Task<Next> ReadRequest();
  runtime::Task<Next> AwaitRequest();
  runtime::Task<bool> Answer(Response response, bool head_only, bool keep_alive);
  runtime::Task<> Linger();
  // Starts the one timer: when it fires, reads (or everything) end with kCancelled.
  void Limit(std::chrono::milliseconds time, bool reads_only);
  void OnTimeout();

  const std::unique_ptr<runtime::Stream> stream_;
  const Router& router_;
  const ConnectionOptions& options_;
  const runtime::CancelToken drain_;
  const runtime::CancelToken abort_;
  RequestParser parser_;
  Request request_;   // of Next::kRequest; views into parser_
  Response refusal_;  // of Next::kRefuse
  runtime::Timer timer_;
  std::optional<int64_t> waits_since_ns_;
  bool timeout_ends_reads_only_ = false;
  bool timed_out_ = false;
};

}  // namespace duet::http
