// An empty gRPC C++ server, written the way gRPC's own asynchronous example is: one completion
// queue, one thread, an object and a new request posted per call. It is the limit that gRPC itself
// sets; Duet's unary calls are measured against it (tests/bench/grpc_compare.sh).
//
//   grpc_echo_server [port [health]]    port 0 (default): a free one; prints "grpc 127.0.0.1:PORT"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"

#include "tests/bench/grpc_echo.grpc.pb.h"

namespace {

using duet::bench::EchoRequest;
using duet::bench::EchoResponse;
using duet::bench::EchoService;

class Call {
 public:
  Call(EchoService::AsyncService* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), responder_(&context_) {
    service_->RequestEcho(&context_, &request_, &responder_, queue_, queue_, this);
  }

  void Proceed(bool ok) {
    if (!ok || finished_) {
      delete this;
      return;
    }
    new Call(service_, queue_);
    EchoResponse response;
    response.set_found(true);
    if (request_.reply_bytes() != 0) response.set_value(std::string(request_.reply_bytes(), 'x'));
    finished_ = true;
    responder_.Finish(response, grpc::Status::OK, this);
  }

 private:
  EchoService::AsyncService* service_;
  grpc::ServerCompletionQueue* queue_;
  grpc::ServerContext context_;
  EchoRequest request_;
  grpc::ServerAsyncResponseWriter<EchoResponse> responder_;
  bool finished_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as duet-server does
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  if (argc > 2 && std::strcmp(argv[2], "health") == 0) grpc::EnableDefaultHealthCheckService(true);
  EchoService::AsyncService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "0"),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("grpc 127.0.0.1:%d\n", port);
  std::fflush(stdout);

  std::thread drain([&] {
    new Call(&service, queue.get());
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
  });
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  queue->Shutdown();
  drain.join();
}
