#include "server/tls/credentials.h"

#include <ctime>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/pem.h"
#include "openssl/ssl.h"
#include "openssl/x509.h"

#include "server/base/check.h"
#include "server/base/text_file.h"

namespace duet::tls {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;  // a bundle of all public authorities has 220 KB

// Sessions may be resumed only with contexts of the same use (SSL_CTX_set_session_id_context(3)).
constexpr std::string_view kSessionIdContext = "duet";

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<&BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Free<&X509_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Free<&SSL_CTX_free>>;

BioPtr Reader(const std::string& pem) {
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  DUET_CHECK(bio != nullptr, "OpenSSL has no memory for a BIO");
  return bio;
}

// What is wrong with a setting's value; OpenSSL's reason, if it has left one, behind it.
absl::Status Wrong(std::string_view setting, const std::string& value, std::string_view what) {
  const unsigned long error = ERR_peek_last_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  std::string text = absl::StrCat(std::string(setting), " ", value, ": ", std::string(what));
  if (reason != nullptr) absl::StrAppend(&text, " (", reason, ")");
  return absl::InvalidArgumentError(text);
}

// No passphrase is ever asked for on a terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

X509Ptr NextCertificate(BIO* bio) {
  return X509Ptr(PEM_read_bio_X509(bio, nullptr, &NoPassphrase, nullptr));
}

// After the last certificate: did the text end there?
bool EndedWell() {
  const unsigned long error = ERR_peek_last_error();
  const bool no_more =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (no_more) ERR_clear_error();
  return no_more;
}

int64_t SecondsOf(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

// The first certificate is the server's, the others lead from it to an authority.
absl::Status UseCertificates(const std::string& path, const std::string& pem, SSL_CTX* context,
                             int64_t& expires_s) {
  const BioPtr bio = Reader(pem);
  const X509Ptr own = NextCertificate(bio.get());
  if (own == nullptr) return Wrong("tls-cert-file", path, "has no certificate in PEM form");
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return Wrong("tls-cert-file", path, "its certificate cannot be used");
  }
  expires_s = SecondsOf(X509_get0_notAfter(own.get()));
  while (X509Ptr next = NextCertificate(bio.get())) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) {
      return Wrong("tls-cert-file", path, "a certificate of its chain cannot be used");
    }
    next.release();  // the context's now
  }
  if (!EndedWell()) return Wrong("tls-cert-file", path, "is damaged after its first certificate");
  return absl::OkStatus();
}

absl::Status UseKey(const std::string& path, const std::string& pem, SSL_CTX* context) {
  const BioPtr bio = Reader(pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr) {
    return Wrong("tls-key-file", path, "has no private key in PEM form without a passphrase");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Wrong("tls-key-file", path, "does not belong to the certificate in tls-cert-file");
  }
  return absl::OkStatus();
}

absl::Status UseAuthorities(const std::string& path, const std::string& pem, SSL_CTX* context) {
  const BioPtr bio = Reader(pem);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (const X509Ptr authority = NextCertificate(bio.get())) {
    // Their names tell clients which certificate to show.
    if (X509_STORE_add_cert(store, authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return Wrong("tls-ca-cert-file", path, "a certificate in it cannot be used");
    }
    ++count;
  }
  if (!EndedWell()) return Wrong("tls-ca-cert-file", path, "is damaged");
  if (count == 0) return Wrong("tls-ca-cert-file", path, "has no certificate in PEM form");
  return absl::OkStatus();
}

absl::Status UseCiphers(const TlsOptions& options, SSL_CTX* context) {
  if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
    return Wrong("tls-ciphers", options.ciphers, "OpenSSL has no such ciphers");
  }
  if (!options.ciphersuites.empty() &&
      SSL_CTX_set_ciphersuites(context, options.ciphersuites.c_str()) != 1) {
    return Wrong("tls-ciphersuites", options.ciphersuites, "OpenSSL has no such cipher suites");
  }
  return absl::OkStatus();
}

int VerifyMode(TlsClientAuth auth) {
  switch (auth) {
    case TlsClientAuth::kNo:
      return SSL_VERIFY_NONE;
    case TlsClientAuth::kOptional:
      return SSL_VERIFY_PEER;
    case TlsClientAuth::kYes:
      break;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

ContextPtr NewContext(const TlsOptions& options) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  DUET_CHECK(context != nullptr, "OpenSSL has no memory for a context");
  SSL_CTX* const c = context.get();
  SSL_CTX_set_min_proto_version(
      c, options.versions == TlsVersions::k13Only ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(
      c, options.versions == TlsVersions::k12Only ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_dh_auto(c, 1);
  SSL_CTX_set_session_id_context(c,
                                 reinterpret_cast<const unsigned char*>(kSessionIdContext.data()),
                                 kSessionIdContext.size());
  SSL_CTX_set_verify(c, VerifyMode(options.client_auth), nullptr);
  return context;
}

absl::Status ReadBlocking(std::string_view setting, const std::string& path, std::string& into) {
  absl::StatusOr<std::string> text = ReadFileBlocking(path, kMaxFileBytes);
  if (text.ok()) {
    into = *std::move(text);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(setting), " ", path, " cannot be read: ", text.status().message()));
}

}  // namespace

absl::StatusOr<TlsFiles> Credentials::ReadFilesBlocking() const {
  TlsFiles files;
  absl::Status read = ReadBlocking("tls-cert-file", options_.cert_file, files.cert);
  if (read.ok()) read = ReadBlocking("tls-key-file", options_.key_file, files.key);
  if (read.ok() && options_.client_auth != TlsClientAuth::kNo) {
    read = ReadBlocking("tls-ca-cert-file", options_.ca_file, files.ca);
  }
  if (!read.ok()) return read;
  return files;
}

absl::StatusOr<Credentials::Loaded> Credentials::Load(TlsFiles files) const {
  ERR_clear_error();
  ContextPtr context = NewContext(options_);
  Loaded loaded;
  absl::Status used =
      UseCertificates(options_.cert_file, files.cert, context.get(), loaded.expires_s);
  if (used.ok()) used = UseKey(options_.key_file, files.key, context.get());
  if (used.ok() && options_.client_auth != TlsClientAuth::kNo) {
    used = UseAuthorities(options_.ca_file, files.ca, context.get());
  }
  if (used.ok()) used = UseCiphers(options_, context.get());
  if (!used.ok()) return used;
  loaded.context = std::move(context);
  loaded.files = std::make_shared<const TlsFiles>(std::move(files));
  return loaded;
}

absl::StatusOr<std::unique_ptr<Credentials>> Credentials::LoadBlocking(const TlsOptions& options) {
  std::unique_ptr<Credentials> credentials(new Credentials(options));
  absl::StatusOr<bool> loaded = credentials->ReloadBlocking();
  if (!loaded.ok()) return loaded.status();
  return credentials;
}

absl::StatusOr<bool> Credentials::ReloadBlocking() {
  const absl::MutexLock reload_lock(&reload_mutex_);
  absl::StatusOr<TlsFiles> read = ReadFilesBlocking();
  if (!read.ok()) return read.status();
  const std::shared_ptr<const TlsFiles> in_force = files();
  if (in_force != nullptr && *read == *in_force) return false;
  absl::StatusOr<Loaded> loaded = Load(*std::move(read));
  if (!loaded.ok()) return loaded.status();
  const absl::MutexLock lock(&mutex_);
  loaded_ = *std::move(loaded);
  return true;
}

std::unique_ptr<Session> Credentials::NewSession() const {
  std::shared_ptr<SSL_CTX> context;
  {
    const absl::MutexLock lock(&mutex_);
    context = loaded_.context;
  }
  SSL* const ssl = SSL_new(context.get());  // holds on to the context itself
  DUET_CHECK(ssl != nullptr, "OpenSSL has no memory for a session");
  return std::make_unique<Session>(ssl);
}

std::shared_ptr<const TlsFiles> Credentials::files() const {
  const absl::MutexLock lock(&mutex_);
  return loaded_.files;
}

int64_t Credentials::expires_s() const {
  const absl::MutexLock lock(&mutex_);
  return loaded_.expires_s;
}

}  // namespace duet::tls
