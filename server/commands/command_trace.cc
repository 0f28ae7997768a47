#include "server/commands/command_trace.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/commands/call.h"
#include "server/commands/command_span.h"
#include "server/commands/command_spec.h"
#include "server/commands/monitor_line.h"
#include "server/commands/secret_words.h"
#include "server/tracing/span.h"

namespace duet::commands {
namespace {

// A duration that no command reaches is no duration.
uint64_t TicksOf(double us) {
  const double ticks = us * CycleClock::TicksPerUs();
  return ticks < 1e18 ? static_cast<uint64_t>(ticks) : UINT64_MAX;
}

}  // namespace

MonitorPlace::~MonitorPlace() {
  if (trace_ != nullptr) trace_->EndMonitor(id_);
}

MonitorPlace CommandTrace::Monitor(uint64_t id, std::shared_ptr<pubsub::Mailbox> mailbox) {
  absl::MutexLock lock(&mutex_);
  monitors_.emplace(id, std::move(mailbox));
  UpdateThreshold();
  return MonitorPlace(this, id);
}

void CommandTrace::EndMonitor(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  monitors_.erase(id);
  UpdateThreshold();
}

void CommandTrace::set_slower_than_us(int64_t us) {
  absl::MutexLock lock(&mutex_);
  slower_than_us_.store(us, std::memory_order_relaxed);
  slow_from_ticks_.store(us < 0 ? kNever : TicksOf(static_cast<double>(us)),
                         std::memory_order_relaxed);
  UpdateThreshold();
}

void CommandTrace::set_latency_threshold_ms(int64_t ms) {
  absl::MutexLock lock(&mutex_);
  latency_threshold_ms_.store(ms, std::memory_order_relaxed);
  latency_from_ticks_.store(ms <= 0 ? kNever : TicksOf(static_cast<double>(ms) * 1000),
                            std::memory_order_relaxed);
  UpdateThreshold();
}

void CommandTrace::set_samples(bool samples) {
  absl::MutexLock lock(&mutex_);
  samples_.store(samples, std::memory_order_relaxed);
  UpdateThreshold();
}

void CommandTrace::UpdateThreshold() {
  const uint64_t lower = std::min(slow_from_ticks_.load(std::memory_order_relaxed),
                                  latency_from_ticks_.load(std::memory_order_relaxed));
  monitored_.store(!monitors_.empty(), std::memory_order_relaxed);
  const bool all = !monitors_.empty() || samples_.load(std::memory_order_relaxed);
  note_from_ticks_.store(all ? 0 : lower, std::memory_order_relaxed);
}

void CommandTrace::Note(const Call& call, uint64_t ticks, bool failed) {
  std::optional<tracing::TraceId> trace;
  if (samples_.load(std::memory_order_relaxed)) trace = TraceCommand(call, ticks, failed);
  const uint32_t flags = call.command->spec->flags;
  if (monitored_.load(std::memory_order_relaxed) && (flags & (kSkipMonitor | kAdmin)) == 0) {
    SendToMonitors(call);
  }
  const bool long_event = ticks >= latency_from_ticks_.load(std::memory_order_relaxed);
  const bool slow =
      ticks >= slow_from_ticks_.load(std::memory_order_relaxed) && (flags & kSkipSlowlog) == 0;
  if (!slow && !long_event) return;
  const auto us = static_cast<int64_t>(static_cast<double>(ticks) / CycleClock::TicksPerUs());
  if (slow) {
    if (call.session.span != nullptr) trace = call.session.span->trace_id;
    NoteSlow(call, us, trace);
  }
  if (long_event) {
    const std::string_view event = (flags & kFast) != 0 ? "fast-command" : "command";
    latency_.Add(event, us / 1000, call.server.clock->WallMs() / 1000);
  }
}

void CommandTrace::NoteSlow(const Call& call, int64_t us,
                            const std::optional<tracing::TraceId>& trace) {
  const std::string peer = call.session.PeerAddress();
  slow_log_.Add({.time_s = call.server.clock->WallMs() / 1000,
                 .duration_us = us,
                 .words = TrimForSlowLog(WithoutSecrets(*call.command, call.argv)),
                 .peer_address = peer,
                 .client_name = call.session.name.Get()});
  const std::string user = call.session.user.Get();
  const std::string trace_id = trace ? tracing::ToHex(*trace) : "";
  const LogField fields[] = {{"command", call.command->full_name},
                             {"duration_us", us},
                             {"connection", call.session.id},
                             {"peer", peer},
                             {"user", user},
                             {"trace_id", trace_id}};
  call.server.log->Info(LogTarget::kCommands, "slow command",
                        LogFields(fields).first(trace ? 6 : 5));
}

void CommandTrace::NoteRefused(const Call& call, const Error& error) {
  if (samples_.load(std::memory_order_relaxed)) TraceRefusal(call, error);
}

void CommandTrace::NoteEvent(std::string_view event, int64_t duration_ms, int64_t now_ms) {
  const int64_t threshold_ms = latency_threshold_ms();
  if (threshold_ms > 0 && duration_ms >= threshold_ms) {
    latency_.Add(event, duration_ms, now_ms / 1000);
  }
}

// A monitor is a client that gets very many replies, and is bounded as any that gets replies.
void CommandTrace::SendToMonitors(const Call& call) {
  absl::MutexLock lock(&mutex_);
  if (monitors_.empty()) return;
  const int64_t now_us = call.server.clock->WallUs();
  const std::vector<std::string_view> words = WithoutSecrets(*call.command, call.argv);
  const auto line = std::make_shared<const std::string>(MonitorLine(call.session, words, now_us));
  const pubsub::MailboxLimits limits = call.server.output_limits.Get(ClientClass::kNormal);
  for (const auto& [id, mailbox] : monitors_) mailbox->Send(line, limits, now_us / 1000);
}

}  // namespace duet::commands
