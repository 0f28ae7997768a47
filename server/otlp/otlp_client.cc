#include "server/otlp/otlp_client.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "server/otlp/export_status.h"

namespace duet::otlp {
namespace {

using tracing::ExportResult;

std::shared_ptr<::grpc::Channel> NewChannel(const std::string& target) {
  ::grpc::ChannelArguments arguments;
  // Our own back-off asks again; gRPC need not keep a failed connection closed for longer.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  return ::grpc::CreateCustomChannel(target, ::grpc::InsecureChannelCredentials(), arguments);
}

class OtlpClient final : public tracing::SpanClient {
 public:
  explicit OtlpClient(OtlpClientOptions options)
      : options_(std::move(options)),
        stub_(wire::TraceService::NewStub(NewChannel(options_.target))) {}

  ExportResult ExportBlocking(std::span<const tracing::Span> spans) override
      ABSL_LOCKS_EXCLUDED(mutex_) {
    const wire::ExportTraceServiceRequest request = Encode(options_.resource, spans);
    wire::ExportTraceServiceResponse response;
    ::grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + options_.timeout));
    if (!Enter(context)) return ResultOf(::grpc::Status::CANCELLED, response);
    const ::grpc::Status status = stub_->Export(&context, request, &response);
    Leave();
    return ResultOf(status, response);
  }

  void Cancel() override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    if (running_ != nullptr) running_->TryCancel();
  }

 private:
  // False: the client was cancelled.
  bool Enter(::grpc::ClientContext& context) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (!cancelled_) running_ = &context;
    return !cancelled_;
  }
  void Leave() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    running_ = nullptr;
  }

  const OtlpClientOptions options_;
  const std::unique_ptr<wire::TraceService::Stub> stub_;
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  ::grpc::ClientContext* running_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace

std::unique_ptr<tracing::SpanClient> NewOtlpClient(OtlpClientOptions options) {
  return std::make_unique<OtlpClient>(std::move(options));
}

}  // namespace duet::otlp
