// Takes spans from the queue in batches and sends them, on a thread of its own.
//
// A batch that the collector cannot take now is sent again after a wait, a few times; meanwhile the
// queue fills, and what finds no place there is dropped. The server never waits for the collector
// but at its end, and then not longer than it is told to.
//
// Thread-safe, but for Start and ShutdownBlocking, which belong to the owner.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "server/base/log.h"
#include "server/tracing/backoff.h"
#include "server/tracing/span_client.h"
#include "server/tracing/span_queue.h"

namespace duet::tracing {

struct ExporterOptions {
  size_t batch_spans = 512;                    // in one export, at the most
  absl::Duration interval = absl::Seconds(1);  // how long a span waits for others
  BackoffOptions backoff;
};

// What became of the spans. What was dropped is the queue's to know.
struct ExportFigures {
  uint64_t exported = 0;  // the collector has them
  uint64_t failed = 0;    // it refused them, or did not answer often enough
};

class Exporter {
 public:
  // `queue` and `log` outlive it.
  Exporter(SpanQueue& queue, std::unique_ptr<SpanClient> client, const ExporterOptions& options,
           Logger& log);
  // REQUIRES: ShutdownBlocking has returned, or Start was not called.
  ~Exporter();

  void Start();
  // Closes the queue and sends what waits there, a batch after the other and each once, until one
  // fails or `end` comes; what is left is dropped.
  void ShutdownBlocking(absl::Time end) ABSL_LOCKS_EXCLUDED(mutex_);

  ExportFigures figures() const;

 private:
  void RunBlocking();
  // False: the batch failed.
  bool ExportBlocking(std::span<const Span> batch);
  void Count(const ExportResult& result, size_t spans);
  // Waits; false: the end has come meanwhile.
  bool PauseBlocking(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mutex_);
  bool stopping() const ABSL_LOCKS_EXCLUDED(mutex_);

  SpanQueue& queue_;
  const std::unique_ptr<SpanClient> client_;
  const ExporterOptions options_;
  Logger& log_;
  std::atomic<uint64_t> exported_{0};
  std::atomic<uint64_t> failed_{0};
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace duet::tracing
