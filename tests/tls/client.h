// The client's side of a TLS connection in memory, on OpenSSL alone.
#pragma once

#include <string>
#include <string_view>

#include "server/tls/session.h"
#include "tests/tls/identity.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace duet::testing {

class TlsClient {
 public:
  // Trusts `authority`, and shows `own` unless it is null.
  explicit TlsClient(const Identity& authority, const Identity* own = nullptr);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Goes on with the handshake; true once it is done.
  bool Handshake();
  // What the client has for the server, and what the server has for it.
  std::string TakeOutput();
  void Receive(std::string_view ciphertext);

  void Write(std::string_view plaintext);
  // All the plaintext that has arrived.
  std::string Read();
  // Did Read() or Handshake() end in an error, or in the server's close_notify?
  bool failed() const { return failed_; }
  bool closed() const { return closed_; }
  // Asks the server for new keys, which it answers (TLS 1.3).
  void UpdateKeys();
  void Close();
  // The CN of the certificate that the server has shown.
  std::string server_name() const;

 private:
  SSL_CTX* const context_;
  SSL* const ssl_;
  bool failed_ = false;
  bool closed_ = false;
};

// Carries the bytes of both sides to and fro until neither has more, `size` at a time towards the
// server. What the server decrypts is appended to *received.
void Exchange(TlsClient& client, tls::Session& server, size_t size, std::string* received);

}  // namespace duet::testing
