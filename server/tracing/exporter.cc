#include "server/tracing/exporter.h"

#include <algorithm>
#include <pthread.h>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/base/clock.h"
#include "server/base/random.h"

namespace duet::tracing {
namespace {

// From 0 to 1; only spreads the attempts of many servers.
double Chance() {
  return static_cast<double>(Below(Mix(CycleClock::Now()), 1u << 20)) / (1u << 20);
}

}  // namespace

Exporter::Exporter(SpanQueue& queue, std::unique_ptr<SpanClient> client,
                   const ExporterOptions& options, Logger& log)
    : queue_(queue), client_(std::move(client)), options_(options), log_(log) {}

Exporter::~Exporter() { DUET_CHECK(!thread_.joinable(), "the exporter was not shut down"); }

void Exporter::Start() {
  thread_ = std::thread([this] { RunBlocking(); });
}

void Exporter::ShutdownBlocking(absl::Time end) {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  queue_.Close();
  {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithDeadline(absl::Condition(&done_), end);
  }
  client_->Cancel();
  thread_.join();
}

ExportFigures Exporter::figures() const {
  return {exported_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed)};
}

bool Exporter::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Exporter::RunBlocking() {
  pthread_setname_np(pthread_self(), "spans");
  for (;;) {
    const bool last = stopping();
    const std::vector<Span> batch = queue_.TakeBlocking(options_.batch_spans, options_.interval);
    if (batch.empty() && last) break;
    if (!batch.empty() && !ExportBlocking(batch) && stopping()) break;
  }
  queue_.DropAll();
  absl::MutexLock lock(&mutex_);
  done_ = true;
}

bool Exporter::ExportBlocking(std::span<const Span> batch) {
  Backoff backoff(options_.backoff);
  for (;;) {
    ExportResult result = client_->ExportBlocking(batch);
    if (result.outcome == ExportResult::Outcome::kAgain) {
      const std::optional<absl::Duration> wait = backoff.Next(result.retry_after, Chance());
      if (wait && PauseBlocking(*wait)) continue;
      result.outcome = ExportResult::Outcome::kRefused;
    }
    Count(result, batch.size());
    return result.outcome == ExportResult::Outcome::kTaken;
  }
}

void Exporter::Count(const ExportResult& result, size_t spans) {
  const bool taken = result.outcome == ExportResult::Outcome::kTaken;
  const uint64_t failed = taken ? std::min<uint64_t>(result.rejected, spans) : spans;
  exported_.fetch_add(spans - failed, std::memory_order_relaxed);
  failed_.fetch_add(failed, std::memory_order_relaxed);
  if (failed > 0) {
    log_.Warning(LogTarget::kServer, "the collector did not take spans",
                 {{"spans", failed}, {"reason", result.reason}});
  } else if (!result.reason.empty()) {
    log_.Warning(LogTarget::kServer, "the collector warns of spans", {{"reason", result.reason}});
  }
}

bool Exporter::PauseBlocking(absl::Duration wait) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), wait);
}

}  // namespace duet::tracing
