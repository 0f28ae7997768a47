#include "server/tracing/exporter.h"

#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <utility>
#include <vector>

namespace duet::tracing {
namespace {

using Outcome = ExportResult::Outcome;

// Answers as the test says, and takes what comes after that.
class FakeClient final : public SpanClient {
 public:
  ExportResult ExportBlocking(std::span<const Span> spans) override {
    absl::MutexLock lock(&mutex_);
    batches_.push_back(spans.size());
    if (hangs_) mutex_.Await(absl::Condition(&cancelled_));
    if (cancelled_) return {.outcome = Outcome::kAgain, .reason = "cancelled"};
    if (answers_.empty()) return {};
    ExportResult answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  void Cancel() override {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
  }

  void Answer(ExportResult result) {
    absl::MutexLock lock(&mutex_);
    answers_.push_back(std::move(result));
  }
  void Hang() {
    absl::MutexLock lock(&mutex_);
    hangs_ = true;
  }
  // Returns when so many exports have begun.
  std::vector<size_t> WaitForBatches(size_t count) {
    const auto enough = [&] { return batches_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
    return batches_;
  }

 private:
  absl::Mutex mutex_;
  std::deque<ExportResult> answers_;
  std::vector<size_t> batches_;
  bool hangs_ = false;
  bool cancelled_ = false;
};

constexpr ExporterOptions kOptions = {
    .batch_spans = 10,
    .interval = absl::Milliseconds(1),
    .backoff = {.first = absl::ZeroDuration(), .longest = absl::ZeroDuration(), .attempts = 3}};

class ExporterTest : public ::testing::Test {
 protected:
  void Start(const ExporterOptions& options = kOptions) {
    auto client = std::make_unique<FakeClient>();
    client_ = client.get();
    exporter_ = std::make_unique<Exporter>(queue_, std::move(client), options, log_);
    queue_.Open(100);
  }
  void Push(size_t count) {
    for (size_t i = 0; i < count; ++i) queue_.Push(Span());
  }
  // All that waits is sent, or has failed.
  void End() { exporter_->ShutdownBlocking(absl::InfiniteFuture()); }
  void Expect(uint64_t exported, uint64_t failed, uint64_t dropped) {
    EXPECT_EQ(exporter_->figures().exported, exported);
    EXPECT_EQ(exporter_->figures().failed, failed);
    EXPECT_EQ(queue_.dropped(), dropped);
  }

  Logger log_{LogFilter(LogLevel::kOff)};
  SpanQueue queue_;
  FakeClient* client_ = nullptr;  // the exporter's
  std::unique_ptr<Exporter> exporter_;
};

TEST_F(ExporterTest, SendsInBatches) {
  Start();
  Push(25);
  exporter_->Start();
  EXPECT_EQ(client_->WaitForBatches(3), (std::vector<size_t>{10, 10, 5}));
  End();
  Expect(25, 0, 0);
}

TEST_F(ExporterTest, SendsWhatWaitsAtTheEnd) {
  ExporterOptions patient = kOptions;
  patient.interval = absl::InfiniteDuration();
  Start(patient);
  exporter_->Start();
  Push(7);
  End();
  Expect(7, 0, 0);
}

TEST_F(ExporterTest, SendsABatchAgain) {
  Start();
  client_->Answer({.outcome = Outcome::kAgain});
  client_->Answer({.outcome = Outcome::kAgain, .retry_after = absl::ZeroDuration()});
  Push(3);
  exporter_->Start();
  EXPECT_EQ(client_->WaitForBatches(3), (std::vector<size_t>{3, 3, 3}));
  End();
  Expect(3, 0, 0);
}

TEST_F(ExporterTest, GivesABatchUpAndGoesOn) {
  Start();
  for (int i = 0; i < 3; ++i) client_->Answer({.outcome = Outcome::kAgain});
  Push(3);
  exporter_->Start();
  client_->WaitForBatches(3);
  Push(4);
  client_->WaitForBatches(4);
  End();
  Expect(4, 3, 0);
}

TEST_F(ExporterTest, DoesNotSendAgainWhatIsRefused) {
  Start();
  client_->Answer({.outcome = Outcome::kRefused});
  Push(12);
  exporter_->Start();
  EXPECT_EQ(client_->WaitForBatches(2), (std::vector<size_t>{10, 2}));
  End();
  Expect(2, 10, 0);
}

TEST_F(ExporterTest, CountsPartialSuccess) {
  Start();
  client_->Answer({.rejected = 4, .reason = "too old"});
  client_->Answer({.rejected = 1000});  // more than there were
  Push(12);
  exporter_->Start();
  client_->WaitForBatches(2);
  End();
  Expect(6, 6, 0);
}

TEST_F(ExporterTest, ItsEndDoesNotWaitForTheNextAttempt) {
  ExporterOptions slow = kOptions;
  slow.backoff = {.first = absl::Hours(1), .longest = absl::Hours(1), .attempts = 3};
  Start(slow);
  client_->Answer({.outcome = Outcome::kAgain});
  Push(15);
  exporter_->Start();
  client_->WaitForBatches(1);
  End();
  Expect(0, 10, 5);
}

TEST_F(ExporterTest, ItsEndCutsOffAnExportThatHangs) {
  Start();
  client_->Hang();
  Push(15);
  exporter_->Start();
  client_->WaitForBatches(1);
  exporter_->ShutdownBlocking(absl::InfinitePast());
  Expect(0, 10, 5);
}

TEST_F(ExporterTest, TakesNoSpanAfterItsEnd) {
  Start();
  exporter_->Start();
  End();
  Push(1);
  Expect(0, 0, 1);
}

}  // namespace
}  // namespace duet::tracing
