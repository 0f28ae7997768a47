// Load for a gRPC server: calls per second, latency, and the server's CPU time per call.
//
//   grpc_load --target=127.0.0.1:50051 --mode=get --channels=8 --in_flight=8 --pid=$(pidof ...)
//
// Modes: get, set (Duet), echo-get, echo-set (grpc_echo_server, messages of the same sizes),
// pipeline-get, pipeline-set (one stream a channel, `in_flight` batches of `batch` commands on it),
// load (writes every key once, through Pipeline). One thread and one completion queue; every call
// object is used again. Prints one line of name=value, for scripts.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "grpcpp/grpcpp.h"

#include "duet/v1/key_value_service.grpc.pb.h"
#include "tests/bench/grpc_echo.grpc.pb.h"

ABSL_FLAG(std::string, target, "127.0.0.1:50051", "server");
ABSL_FLAG(std::string, mode, "get",
          "get, set, echo-get, echo-set, pipeline-get, pipeline-set or load");
ABSL_FLAG(int, channels, 1, "connections");
ABSL_FLAG(int, in_flight, 64, "calls (pipeline: batches) in flight on each connection");
ABSL_FLAG(double, seconds, 5, "how long to measure");
ABSL_FLAG(double, warmup, 1, "seconds before measuring");
ABSL_FLAG(int, keys, 100000, "key space");
ABSL_FLAG(int, value_bytes, 32, "bytes of a value");
ABSL_FLAG(int, batch, 100, "commands of a pipelined batch");
ABSL_FLAG(int, pid, 0, "server process whose CPU time to read; 0: none");

namespace {

using SteadyClock = std::chrono::steady_clock;

// utime + stime of a process in microseconds.
double CpuUs(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t paren = text.rfind(')');
  if (paren == std::string::npos) return 0;
  std::istringstream fields(text.substr(paren + 2));
  std::string skip;
  for (int i = 0; i < 11; ++i) fields >> skip;
  uint64_t user = 0, system = 0;
  fields >> user >> system;
  return 1e6 * static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// What the calls share. Used by the one thread.
struct Load {
  grpc::CompletionQueue queue;
  std::string value = std::string(static_cast<size_t>(absl::GetFlag(FLAGS_value_bytes)), 'x');
  uint64_t random = 88172645463325252ull;
  uint64_t calls = 0;  // commands, for pipelines
  uint64_t failed = 0;
  uint64_t next_key = 0;  // mode load
  bool stop = false;
  std::vector<uint32_t> latencies_us;

  std::string Key(uint64_t i) const {
    char text[32];
    std::snprintf(text, sizeof(text), "key:%012llu", static_cast<unsigned long long>(i));
    return text;
  }
  std::string RandomKey() {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return Key(random % static_cast<uint64_t>(absl::GetFlag(FLAGS_keys)));
  }
  void Record(SteadyClock::time_point start) {
    latencies_us.push_back(static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count()));
  }
};

class Event {
 public:
  virtual ~Event() = default;
  virtual void Done(bool ok) = 0;
};

// One unary call after the other.
template <typename Stub, typename Request, typename Response>
class UnaryCaller final : public Event {
 public:
  using Start = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);
  using Fill = void (*)(Load&, Request&);

  UnaryCaller(Load& load, std::shared_ptr<grpc::Channel> channel, Start start, Fill fill)
      : load_(load), stub_(std::move(channel)), start_(start), fill_(fill) {
    Next();
  }

  void Done(bool) override {
    ++load_.calls;
    if (!status_.ok() && load_.failed++ == 0) {
      std::fprintf(stderr, "grpc_load: %s\n", status_.error_message().c_str());
    }
    load_.Record(begin_);
    if (!load_.stop) Next();
  }

 private:
  void Next() {
    context_.emplace();
    fill_(load_, request_);
    begin_ = SteadyClock::now();
    reader_ = (stub_.*start_)(&*context_, request_, &load_.queue);
    reader_->Finish(&response_, &status_, this);
  }

  Load& load_;
  Stub stub_;
  const Start start_;
  const Fill fill_;
  std::optional<grpc::ClientContext> context_;
  Request request_;
  Response response_;
  grpc::Status status_;
  SteadyClock::time_point begin_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader_;
};

// One Pipeline stream with several batches in flight.
class StreamCaller {
 public:
  enum class Kind { kGet, kSet, kLoad };

  StreamCaller(Load& load, std::shared_ptr<grpc::Channel> channel, Kind kind)
      : load_(load), stub_(std::move(channel)), kind_(kind) {
    stream_ = stub_.AsyncPipeline(&context_, &load_.queue, &started_);
    begins_.resize(static_cast<size_t>(absl::GetFlag(FLAGS_in_flight)));
  }
  bool finished() const { return finished_; }

 private:
  struct Step final : Event {
    Step(StreamCaller& c, void (StreamCaller::*s)(bool)) : caller(c), step(s) {}
    void Done(bool ok) override { (caller.*step)(ok); }
    StreamCaller& caller;
    void (StreamCaller::*step)(bool);
  };

  void OnStarted(bool ok) {
    if (!ok) return OnRead(false);
    stream_->Read(&response_, &read_);
    MaybeWrite();
  }
  void OnWritten(bool ok) {
    writing_ = false;
    if (ok) MaybeWrite();
  }
  void OnRead(bool ok) {
    if (!ok) {
      stream_->Finish(&status_, &finish_);
      return;
    }
    load_.calls += static_cast<uint64_t>(response_.values_size());
    for (const auto& value : response_.values()) load_.failed += value.has_error() ? 1 : 0;
    if (!response_.more()) {
      load_.Record(begins_[response_.id() % begins_.size()]);
      ++answered_;
    }
    stream_->Read(&response_, &read_);
    MaybeWrite();
  }
  void OnHalfClosed(bool) {}
  void OnFinished(bool) {
    finished_ = true;
    if (!status_.ok()) {
      ++load_.failed;
      std::fprintf(stderr, "grpc_load: %s\n", status_.error_message().c_str());
    }
    load_.stop = true;
  }

  void MaybeWrite() {
    if (writing_ || closed_) return;
    const bool all_loaded =
        kind_ == Kind::kLoad && load_.next_key >= static_cast<uint64_t>(absl::GetFlag(FLAGS_keys));
    if (load_.stop || all_loaded) {
      closed_ = true;
      stream_->WritesDone(&half_closed_);
      return;
    }
    if (sent_ - answered_ >= begins_.size()) return;
    FillBatch();
    begins_[sent_ % begins_.size()] = SteadyClock::now();
    request_.set_id(sent_++);
    writing_ = true;
    stream_->Write(request_, &written_);
  }
  void FillBatch() {
    const int commands = absl::GetFlag(FLAGS_batch);
    request_.mutable_commands()->Clear();
    for (int i = 0; i < commands; ++i) {
      auto* command = request_.add_commands();
      command->add_args(kind_ == Kind::kGet ? "GET" : "SET");
      command->add_args(kind_ == Kind::kLoad ? load_.Key(load_.next_key++) : load_.RandomKey());
      if (kind_ != Kind::kGet) command->add_args(load_.value);
    }
  }

  Load& load_;
  duet::v1::KeyValueService::Stub stub_;
  const Kind kind_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientAsyncReaderWriter<duet::v1::PipelineRequest, duet::v1::PipelineResponse>>
      stream_;
  duet::v1::PipelineRequest request_;
  duet::v1::PipelineResponse response_;
  grpc::Status status_;
  std::vector<SteadyClock::time_point> begins_;
  uint64_t sent_ = 0, answered_ = 0;
  bool writing_ = false, closed_ = false, finished_ = false;
  Step started_{*this, &StreamCaller::OnStarted};
  Step written_{*this, &StreamCaller::OnWritten};
  Step read_{*this, &StreamCaller::OnRead};
  Step half_closed_{*this, &StreamCaller::OnHalfClosed};
  Step finish_{*this, &StreamCaller::OnFinished};
};

using duet::v1::KeyValueService;
using GetCaller = UnaryCaller<KeyValueService::Stub, duet::v1::GetRequest, duet::v1::GetResponse>;
using SetCaller = UnaryCaller<KeyValueService::Stub, duet::v1::SetRequest, duet::v1::SetResponse>;
using EchoCaller = UnaryCaller<duet::bench::EchoService::Stub, duet::bench::EchoRequest,
                               duet::bench::EchoResponse>;

// Starts the callers of one channel; false for an unknown mode.
bool StartCallers(Load& load, const std::shared_ptr<grpc::Channel>& channel,
                  std::vector<std::unique_ptr<Event>>& unary,
                  std::vector<std::unique_ptr<StreamCaller>>& streams) {
  const std::string mode = absl::GetFlag(FLAGS_mode);
  if (mode == "pipeline-get" || mode == "pipeline-set" || mode == "load") {
    using Kind = StreamCaller::Kind;
    const Kind kind = mode == "load"           ? Kind::kLoad
                      : mode == "pipeline-get" ? Kind::kGet
                                               : Kind::kSet;
    streams.push_back(std::make_unique<StreamCaller>(load, channel, kind));
    return true;
  }
  for (int i = 0; i < absl::GetFlag(FLAGS_in_flight); ++i) {
    if (mode == "get") {
      unary.push_back(std::make_unique<GetCaller>(
          load, channel, &KeyValueService::Stub::AsyncGet,
          [](Load& l, duet::v1::GetRequest& r) { r.set_key(l.RandomKey()); }));
    } else if (mode == "set") {
      unary.push_back(std::make_unique<SetCaller>(load, channel, &KeyValueService::Stub::AsyncSet,
                                                  [](Load& l, duet::v1::SetRequest& r) {
                                                    r.set_key(l.RandomKey());
                                                    r.set_value(l.value);
                                                  }));
    } else if (mode == "echo-get" || mode == "echo-set") {
      unary.push_back(std::make_unique<EchoCaller>(
          load, channel, &duet::bench::EchoService::Stub::AsyncEcho,
          mode == "echo-get" ? [](Load& l, duet::bench::EchoRequest& r) {
            r.set_key(l.RandomKey());
            r.set_reply_bytes(static_cast<uint32_t>(l.value.size()));
          } : [](Load& l, duet::bench::EchoRequest& r) {
            r.set_key(l.RandomKey());
            r.set_value(l.value);
          }));
    } else {
      return false;
    }
  }
  return true;
}

// Drains the queue for `seconds`; stops early when a caller says so.
void RunFor(Load& load, double seconds) {
  const auto end = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(
                                            std::chrono::duration<double>(seconds));
  void* tag = nullptr;
  bool ok = false;
  while (!load.stop && SteadyClock::now() < end) {
    const auto limit = std::chrono::system_clock::now() + std::chrono::milliseconds(100);
    for (int i = 0; i < 64; ++i) {
      if (load.queue.AsyncNext(&tag, &ok, limit) != grpc::CompletionQueue::GOT_EVENT) break;
      static_cast<Event*>(tag)->Done(ok);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const bool loading = absl::GetFlag(FLAGS_mode) == "load";
  Load load;
  std::vector<std::unique_ptr<Event>> unary;
  std::vector<std::unique_ptr<StreamCaller>> streams;
  for (int i = 0; i < absl::GetFlag(FLAGS_channels); ++i) {
    grpc::ChannelArguments args;
    args.SetInt("grpc.use_local_subchannel_pool", 1);  // a connection of its own
    args.SetMaxReceiveMessageSize(-1);
    auto channel = grpc::CreateCustomChannel(absl::GetFlag(FLAGS_target),
                                             grpc::InsecureChannelCredentials(), args);
    if (!StartCallers(load, channel, unary, streams)) {
      std::fprintf(stderr, "grpc_load: unknown --mode=%s\n", absl::GetFlag(FLAGS_mode).c_str());
      return 1;
    }
  }
  const int pid = absl::GetFlag(FLAGS_pid);
  if (!loading) RunFor(load, absl::GetFlag(FLAGS_warmup));
  load.calls = 0;
  load.latencies_us.clear();
  const double cpu_begin = pid != 0 ? CpuUs(pid) : 0;
  const auto begin = SteadyClock::now();
  RunFor(load, loading ? 3600 : absl::GetFlag(FLAGS_seconds));
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  const double cpu = pid != 0 ? CpuUs(pid) - cpu_begin : 0;

  const double calls = std::max<double>(1, static_cast<double>(load.calls));
  std::vector<uint32_t>& us = load.latencies_us;
  if (us.empty()) us.push_back(0);
  std::sort(us.begin(), us.end());
  const auto percentile = [&](double p) {
    return us[std::min(us.size() - 1, static_cast<size_t>(p * static_cast<double>(us.size())))];
  };
  std::printf(
      "mode=%s calls_per_s=%.0f cpu_us_per_call=%.3f p50_us=%u p99_us=%u p999_us=%u "
      "calls=%llu failed=%llu\n",
      absl::GetFlag(FLAGS_mode).c_str(), calls / seconds, cpu / calls, percentile(0.5),
      percentile(0.99), percentile(0.999), static_cast<unsigned long long>(load.calls),
      static_cast<unsigned long long>(load.failed));
  std::fflush(stdout);
  _exit(load.failed == 0 ? 0 : 1);  // calls are still in flight; the connection closes with us
}
