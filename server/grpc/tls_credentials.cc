#include "server/grpc/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace duet::rpc {
namespace {

grpc_ssl_client_certificate_request_type RequestType(TlsClientAuth auth) {
  switch (auth) {
    case TlsClientAuth::kNo:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case TlsClientAuth::kOptional:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case TlsClientAuth::kYes:
      break;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

// Answers the core's question for a certificate. Thread-safe.
class Fetcher {
 public:
  explicit Fetcher(TlsFilesSource source) : source_(std::move(source)) {}

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* fetcher, grpc_ssl_server_certificate_config** config) {
    return static_cast<Fetcher*>(fetcher)->Next(config);
  }

 private:
  grpc_ssl_certificate_config_reload_status Next(grpc_ssl_server_certificate_config** config) {
    std::shared_ptr<const TlsFiles> files = source_();
    const absl::MutexLock lock(&mutex_);
    if (files == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    given_ = std::move(files);
    const grpc_ssl_pem_key_cert_pair pair{given_->key.c_str(), given_->cert.c_str()};
    // gRPC insists on authorities, though without a request for certificates it never uses them.
    const std::string& authorities = given_->ca.empty() ? given_->cert : given_->ca;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const TlsFilesSource source_;
  absl::Mutex mutex_;
  std::shared_ptr<const TlsFiles> given_ ABSL_GUARDED_BY(mutex_);
};

// The core's credentials as those of the C++ interface, whose base class was an interface at first
// (1.51) and owns them later (from about 1.64).
template <typename Base, bool is_interface = std::is_abstract_v<Base>>
class Wrapped : public Base {
 protected:
  explicit Wrapped(grpc_server_credentials* core) : core_(core) {}
  ~Wrapped() override { grpc_server_credentials_release(core_); }

 private:
  void SetAuthMetadataProcessor(const std::shared_ptr<::grpc::AuthMetadataProcessor>&) override {}
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), core_);
  }

  grpc_server_credentials* const core_;
};
template <typename Base>
class Wrapped<Base, false> : public Base {
 protected:
  explicit Wrapped(grpc_server_credentials* core) : Base(core) {}
};

class TlsCredentials final : public Wrapped<::grpc::ServerCredentials> {
 public:
  TlsCredentials(TlsClientAuth client_auth, std::unique_ptr<Fetcher> fetcher)
      : Wrapped(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                RequestType(client_auth), &Fetcher::Fetch, fetcher.get()))),
        fetcher_(std::move(fetcher)) {}

 private:
  const std::unique_ptr<Fetcher> fetcher_;
};

}  // namespace

std::shared_ptr<::grpc::ServerCredentials> MakeTlsCredentials(TlsClientAuth client_auth,
                                                              TlsFilesSource source) {
  return std::make_shared<TlsCredentials>(client_auth,
                                          std::make_unique<Fetcher>(std::move(source)));
}

}  // namespace duet::rpc
