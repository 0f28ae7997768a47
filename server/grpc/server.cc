// Start-up: bind the ports, build gRPC's server, start the queue threads, open the slots, accept.
// Drain, in an order that gRPC asks for: the ports close, idle streams and watches of health end,
// gRPC's server shuts down (it fails the requests that wait for calls and waits for the calls in
// flight, whose operations the queue threads still complete), every slot's coroutine ends, and only
// then the queue may be shut down.
#include "server/grpc/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <grpc/grpc.h>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

#include "server/base/check.h"
#include "server/grpc/acceptor.h"
#include "server/grpc/bindings.h"
#include "server/grpc/call_host.h"
#include "server/grpc/call_queue.h"
#include "server/grpc/call_slots.h"
#include "server/grpc/call_tasks.h"
#include "server/grpc/health.h"
#include "server/grpc/health_watch.h"
#include "server/grpc/idle_streams.h"
#include "server/grpc/pipeline.h"
#include "server/grpc/reflection.h"
#include "server/grpc/reflection_stream.h"
#include "server/grpc/service.h"
#include "server/grpc/stream_limit.h"
#include "server/grpc/unary_call.h"
#include "server/runtime/cpu_probe.h"
#include "server/runtime/queue_threads.h"
#include "server/runtime/runtime.h"

namespace duet::rpc {
namespace {

using KeyValue = KeyValueAsyncService;

// Calls of one method at once; further ones wait inside gRPC.
constexpr int kMaxSlots = 8192;

// What an idle connection's peer has at a drain to answer and close. A call of which the request is
// still on its way has no longer either: gRPC would not serve it any more.
constexpr absl::Duration kPatience = absl::Seconds(1);

// A port that is not there listens nowhere.
struct Ports {
  BoundPort plain;
  BoundPort tls;
};

absl::StatusOr<Ports> BindPorts(const GrpcServerOptions& options) {
  Ports ports;
  const auto bind = [&options](int port, BoundPort& bound) {
    absl::StatusOr<BoundPort> done =
        BindPort(*options.runtime, options.addresses, port, options.backlog);
    if (done.ok()) bound = *std::move(done);
    return done.status();
  };
  absl::Status status;
  if (options.port.has_value()) status = bind(*options.port, ports.plain);
  if (status.ok() && options.tls.has_value()) status = bind(options.tls->port, ports.tls);
  if (!status.ok()) return status;
  return ports;
}

// gRPC 1.51 holds a message whole before it looks at its length, also one of a caller without the
// password.
void SetQuota(const Limits& limits, ::grpc::ServerBuilder& builder) {
  ::grpc::ResourceQuota quota("duet");
  quota.Resize(limits.grpc_max_memory_bytes);
  builder.SetResourceQuota(quota);
}

void SetArguments(const GrpcServerOptions& options, ::grpc::ServerBuilder& builder) {
  const Limits& limits = options.limits;
  const auto ms = [](absl::Duration d) { return static_cast<int>(absl::ToInt64Milliseconds(d)); };
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.grpc_max_message_bytes));
  builder.SetMaxSendMessageSize(static_cast<int>(limits.grpc_max_message_bytes));
  // gRPC 1.51 inflates a message before it looks at its size, the password or anything else: a
  // megabyte may become a gigabyte (grpc#41996). It refuses such calls before their message is
  // read.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(limits.grpc_max_concurrent_streams));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             static_cast<int>(limits.grpc_max_metadata_bytes));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, ms(absl::Seconds(60)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(absl::Seconds(20)));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             ms(absl::Seconds(10)));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, ms(options.max_connection_idle));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, ms(options.max_connection_age));
  builder.AddChannelArgument("grpc.server_handshake_timeout_ms", ms(absl::Seconds(5)));
}

// The files of the services that are served. To name them links them into the program: of a version
// of reflection nothing else is used that would.
std::vector<const ::google::protobuf::FileDescriptor*> ServedFiles() {
  return {v1::GetRequest::descriptor()->file(), HealthState::Request::descriptor()->file(),
          ::grpc::reflection::v1::ServerReflectionRequest::descriptor()->file(),
          ::grpc::reflection::v1alpha::ServerReflectionRequest::descriptor()->file()};
}

class Server final : public GrpcServer, private CallHost {
 public:
  Server(GrpcServerOptions options, Ports ports,
         std::unique_ptr<::grpc::ServerCompletionQueue> calls)
      : CallHost(*calls, *options.dispatcher, limits_, options.databases,
                 Authenticator(options.dispatcher->server().password,
                               *options.dispatcher->server().log)),
        options_(std::move(options)),
        limits_(options_.limits),
        ports_(std::move(ports)),
        health_(kKeyValueService, options_.max_health_watchers),
        reflection_(ServedFiles(), options_.max_reflection_streams),
        call_queue_(std::move(calls)),
        threads_(&call_queue_, ThreadOptions()),
        acceptor_(*options_.runtime, limits_.grpc_max_connections,
                  *options_.dispatcher->server().clock, *options_.dispatcher->server().log,
                  options_.registry->worker(0)) {}
  ~Server() override { DrainBlocking(absl::ZeroDuration()); }

  // False: gRPC could not start.
  bool Build(::grpc::ServerBuilder& builder);
  void Serve();

  int port() const override { return ports_.plain.port; }
  int tls_port() const override { return ports_.tls.port; }
  const std::vector<std::string>& listening() const override { return ports_.plain.addresses; }
  const std::vector<std::string>& tls_listening() const override { return ports_.tls.addresses; }
  void SetServing(bool serving) override { health_.SetServing(serving); }
  void DrainBlocking(absl::Duration grace) override;

 private:
  runtime::QueueThreadsOptions ThreadOptions() {
    runtime::QueueThreadsOptions threads;
    threads.max_threads = options_.max_queue_threads;
    threads.home = &options_.runtime->worker(0);
    threads.cpu_probe = &cpu_probe_;
    return threads;
  }

  metrics::WorkerCounters& Counters() override {
    const int thread = threads_.ThisThreadIndex();
    return options_.registry->worker(options_.counters_offset +
                                     static_cast<size_t>(thread < 0 ? 0 : thread));
  }
  uint64_t NextSessionId() override {
    return options_.next_session_id ? options_.next_session_id() : next_session_id_.fetch_add(1);
  }
  void Spawn(runtime::Task<> task) override { tasks_.Spawn(std::move(task)); }

  // As many wait for calls of one method as of another: more make no difference to the methods of
  // most calls (measured with 16 and with 128), and a burst opens more.
  CallSlots& Slots(int low = 4, int high = 32) {
    return *slots_.emplace_back(std::make_unique<CallSlots>(low, high, kMaxSlots));
  }
  template <typename Base, typename Request, typename Response>
  void ServeBinding(Method method,
                    void (Base::*ask)(::grpc::ServerContext*, Request*,
                                      ::grpc::ServerAsyncResponseWriter<Response>*,
                                      ::grpc::CompletionQueue*, ::grpc::ServerCompletionQueue*,
                                      void*),
                    Binding<Request, Response> binding, CallSlots& slots) {
    const UnaryMethod<KeyValue, Base, Request, Response, Binding<Request, Response>> unary{
        method, &service_, ask, binding};
    for (int i = 0; i < slots.initial(); ++i) OpenUnarySlot(*this, slots, unary);
  }
  void ServeKeyValue();
  void ServeHealth();
  void ShutDownBlocking(absl::Duration grace);
  bool HasCalls() const;
  template <typename Service>
  void ServeReflection(Method method, Service& service) {
    CallSlots& slots = Slots(1, 4);
    const ReflectionVersion<Service> version{method, service, slots, reflection_, idle_streams_};
    for (int i = 0; i < slots.initial(); ++i) OpenReflectionSlot(*this, version);
  }

  const GrpcServerOptions options_;
  const Limits limits_;
  Ports ports_;
  HealthState health_;
  Reflection reflection_;
  KeyValue service_;
  HealthState::AsyncService health_service_;
  ReflectionV1Service reflection_v1_;
  ReflectionV1AlphaService reflection_v1alpha_;
  std::atomic<uint64_t> next_session_id_{1};
  CallQueue call_queue_;
  std::vector<std::unique_ptr<CallSlots>> slots_;
  StreamLimit pipeline_streams_{limits_.grpc_max_pipeline_streams, "streams of Pipeline"};
  IdleStreams idle_streams_;
  runtime::SystemCpuProbe cpu_probe_;
  runtime::QueueThreads threads_;
  CallTasks tasks_;
  std::shared_ptr<::grpc::ServerCredentials> tls_credentials_;  // outlive server_; null: no TLS
  std::unique_ptr<::grpc::Server> server_;
  std::unique_ptr<Acceptor::Receiver> plain_receiver_;  // until Serve(), as the next
  std::unique_ptr<Acceptor::Receiver> tls_receiver_;
  Acceptor acceptor_;
  bool drained_ = false;
};

bool Server::Build(::grpc::ServerBuilder& builder) {
  SetArguments(options_, builder);
  SetQuota(limits_, builder);
  constexpr auto kSocket =
      ::grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD;
  if (options_.port.has_value()) {
    plain_receiver_ = builder.experimental().AddExternalConnectionAcceptor(
        kSocket, ::grpc::InsecureServerCredentials());
  }
  if (options_.tls.has_value()) {
    tls_credentials_ = MakeTlsCredentials(options_.tls->client_auth, options_.tls->files);
    tls_receiver_ = builder.experimental().AddExternalConnectionAcceptor(kSocket, tls_credentials_);
  }
  builder.RegisterService(&service_);
  builder.RegisterService(&health_service_);
  builder.RegisterService(&reflection_v1_);
  builder.RegisterService(&reflection_v1alpha_);
  server_ = builder.BuildAndStart();
  return server_ != nullptr;
}

void Server::ServeKeyValue() {
  ServeBinding(Method::kGet, &KeyValue::RequestGet, &Get, Slots());
  ServeBinding(Method::kSet, &KeyValue::RequestSet, &Set, Slots());
  ServeBinding(Method::kDelete, &KeyValue::RequestDelete, &Delete, Slots());
  ServeBinding(Method::kExists, &KeyValue::RequestExists, &Exists, Slots());
  ServeBinding(Method::kExpire, &KeyValue::RequestExpire, &Expire, Slots());
  ServeBinding(Method::kGetTtl, &KeyValue::RequestGetTtl, &GetTtl, Slots());
  ServeBinding(Method::kIncrement, &KeyValue::RequestIncrement, &Increment, Slots());
  ServeBinding(Method::kAppend, &KeyValue::RequestAppend, &Append, Slots());
  ServeBinding(Method::kBatchGet, &KeyValue::RequestBatchGet, &BatchGet, Slots());
  ServeBinding(Method::kBatchSet, &KeyValue::RequestBatchSet, &BatchSet, Slots());
  ServeBinding(Method::kBatchDelete, &KeyValue::RequestBatchDelete, &BatchDelete, Slots());
  ServeBinding(Method::kExecute, &KeyValue::RequestExecute, &Execute, Slots());
  CallSlots& pipeline = Slots(4, 16);
  for (int i = 0; i < pipeline.initial(); ++i) {
    OpenPipelineSlot(*this, service_, pipeline, pipeline_streams_, idle_streams_);
  }
}

void Server::ServeHealth() {
  const auto check = [this](BindingContext&, const HealthState::Request& request,
                            HealthState::Response& response) {
    return health_.Check(request, response);
  };
  const UnaryMethod<HealthState::AsyncService, HealthState::AsyncService, HealthState::Request,
                    HealthState::Response, decltype(check)>
      unary{Method::kHealthCheck, &health_service_, &HealthState::AsyncService::RequestCheck, check,
            /*open=*/true};
  CallSlots& slots = Slots(2, 8);
  for (int i = 0; i < slots.initial(); ++i) OpenUnarySlot(*this, slots, unary);
  CallSlots& watches = Slots(2, 8);
  for (int i = 0; i < watches.initial(); ++i) {
    OpenHealthWatchSlot(*this, health_service_, watches, health_);
  }
}

void Server::Serve() {
  threads_.Start();
  ServeKeyValue();
  ServeHealth();
  ServeReflection(Method::kReflectionV1, reflection_v1_);
  ServeReflection(Method::kReflectionV1Alpha, reflection_v1alpha_);
  if (plain_receiver_ != nullptr) acceptor_.Start(ports_.plain, std::move(plain_receiver_));
  if (tls_receiver_ != nullptr) acceptor_.Start(ports_.tls, std::move(tls_receiver_));
}

// Ends gRPC's server. A peer without calls that does not answer the GOAWAY would hold it up to the
// end of `grace`: those get a moment.
void Server::ShutDownBlocking(absl::Duration grace) {
  absl::Notification over;
  std::thread closer([this, &over] {
    constexpr absl::Duration kStep = absl::Milliseconds(50);
    absl::Duration idle;
    while (idle < kPatience && !over.WaitForNotificationWithTimeout(kStep)) {
      idle = HasCalls() ? absl::ZeroDuration() : idle + kStep;
    }
    grpc_server_cancel_all_calls(server_->c_server());  // and closes the connections
  });
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  over.Notify();
  closer.join();
}

bool Server::HasCalls() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& slots) { return slots->serving() > 0; });
}

void Server::DrainBlocking(absl::Duration grace) {
  if (std::exchange(drained_, true)) return;
  if (server_ != nullptr) {
    acceptor_.StopBlocking();
    health_.Drain();
    idle_streams_.Drain();
    ShutDownBlocking(grace);
    tasks_.JoinBlocking();
  }
  threads_.ShutdownAndJoinBlocking();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(GrpcServerOptions options) {
  DUET_CHECK(
      options.runtime != nullptr && options.dispatcher != nullptr && options.registry != nullptr,
      "the gRPC server needs a runtime, a dispatcher and a registry");
  DUET_CHECK(options.counters_offset + static_cast<size_t>(options.max_queue_threads) <=
                 options.registry->size(),
             "the registry has no slots for the queue threads");
  DUET_CHECK(options.port.has_value() || options.tls.has_value(), "the gRPC server needs a port");
  // gRPC's own health service is off: see proto/grpc/health/v1/health.proto.
  ::grpc::EnableDefaultHealthCheckService(false);
  absl::StatusOr<Ports> ports = BindPorts(options);
  if (!ports.ok()) return ports.status();
  ::grpc::ServerBuilder builder;
  auto queue = builder.AddCompletionQueue();
  auto server = std::make_unique<Server>(std::move(options), *std::move(ports), std::move(queue));
  if (!server->Build(builder)) return absl::UnavailableError("grpc: gRPC could not start");
  server->Serve();
  return server;
}

}  // namespace duet::rpc
