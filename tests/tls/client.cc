#include "tests/tls/client.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/pem.h"
#include "openssl/ssl.h"

#include "server/base/check.h"

namespace duet::testing {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioPtr Reader(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

}  // namespace

TlsClient::TlsClient(const Identity& authority, const Identity* own)
    : context_(SSL_CTX_new(TLS_client_method())), ssl_([&] {
        X509* const trusted =
            PEM_read_bio_X509(Reader(authority.cert_pem).get(), nullptr, nullptr, nullptr);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), trusted);
        X509_free(trusted);
        SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
        if (own != nullptr) {
          X509* const cert =
              PEM_read_bio_X509(Reader(own->cert_pem).get(), nullptr, nullptr, nullptr);
          EVP_PKEY* const key =
              PEM_read_bio_PrivateKey(Reader(own->key_pem).get(), nullptr, nullptr, nullptr);
          SSL_CTX_use_certificate(context_, cert);
          SSL_CTX_use_PrivateKey(context_, key);
          X509_free(cert);
          EVP_PKEY_free(key);
        }
        return SSL_new(context_);
      }()) {
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl_);
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

bool TlsClient::Handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) return true;
  failed_ = failed_ || SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ;
  return false;
}

std::string TlsClient::TakeOutput() {
  BIO* const out = SSL_get_wbio(ssl_);
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsClient::Receive(std::string_view ciphertext) {
  if (ciphertext.empty()) return;
  BIO_write(SSL_get_rbio(ssl_), ciphertext.data(), static_cast<int>(ciphertext.size()));
}

void TlsClient::Write(std::string_view plaintext) {
  DUET_CHECK(SSL_write(ssl_, plaintext.data(), static_cast<int>(plaintext.size())) ==
                 static_cast<int>(plaintext.size()),
             "a client without a connection writes");
}

std::string TlsClient::Read() {
  std::string all;
  char buffer[4096];
  for (;;) {
    size_t got = 0;
    ERR_clear_error();
    const int ok = SSL_read_ex(ssl_, buffer, sizeof(buffer), &got);
    all.append(buffer, got);
    if (ok == 1) continue;
    const int error = SSL_get_error(ssl_, ok);
    if (error == SSL_ERROR_ZERO_RETURN) {
      closed_ = true;
    } else if (error != SSL_ERROR_WANT_READ) {
      failed_ = true;
    }
    return all;
  }
}

void TlsClient::UpdateKeys() {
  SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
  Handshake();
}

void TlsClient::Close() { SSL_shutdown(ssl_); }

std::string TlsClient::server_name() const {
  X509* const cert = SSL_get0_peer_certificate(ssl_);
  if (cert == nullptr) return "";
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
  return name;
}

void Exchange(TlsClient& client, tls::Session& server, size_t size, std::string* received) {
  char plaintext[1000];
  for (bool moved = true; moved;) {
    client.Handshake();
    const std::string bytes = client.TakeOutput();
    moved = !bytes.empty();
    for (size_t at = 0; at < bytes.size(); at += size) {
      const std::string_view piece = std::string_view(bytes).substr(at, size);
      const std::span<char> room = server.InputRoom();
      std::memcpy(room.data(), piece.data(), piece.size());
      server.Received(piece.size());
      while (server.has_pending()) {
        const size_t got = server.Decrypt(plaintext);
        received->append(plaintext, got);
        if (got == 0) break;
      }
      if (server.state() != tls::SessionState::kOpen) break;
    }
    const std::string answer(server.output());
    server.Sent(answer.size());
    moved = moved || !answer.empty();
    client.Receive(answer);
    if (server.state() != tls::SessionState::kOpen) return;
  }
}

}  // namespace duet::testing
