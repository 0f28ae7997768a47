// The server's side of one TLS connection, without a socket: bytes from the peer go in and
// plaintext comes out, plaintext goes in and bytes for the peer come out. The handshake happens on
// the way.
//
//   session.Received(recv(fd, session.InputRoom()));  const size_t n = session.Decrypt(into);
//   session.Encrypt(reply);                           session.Sent(send(fd, session.output()));
//
// Decrypting may leave output too (handshake, alerts): send it before waiting for the peer. An idle
// session holds no buffers of its own, only OpenSSL's state.
//
// Source: RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2); OpenSSL 3's BIO_meth_new(3), SSL_read_ex(3).
// Thread class: belongs to its connection's worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

typedef struct ssl_st SSL;

namespace duet::tls {

enum class SessionState : uint8_t {
  kOpen,
  kClosed,  // the peer has said that nothing more comes (close_notify)
  kFailed,  // failure() says why
};

class Session {
 public:
  // Takes `ssl`, a new connection object in its initial state.
  explicit Session(SSL* ssl);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Where to put what the peer sent, and then how much that was; 0 is fine. REQUIRES:
  // !has_pending().
  std::span<char> InputRoom();
  void Received(size_t bytes);

  // Decrypts as much of what was received as `into` takes; the plaintext's length. 0: the rest of a
  // record or of the handshake is missing, or state() is not kOpen.
  size_t Decrypt(std::span<char> into);
  // Is there something to Decrypt() without receiving more? Also a state that is not kOpen.
  bool has_pending() const;

  // Appends the ciphertext of `plaintext` to output(). False: the handshake is not done, or the
  // session has failed.
  [[nodiscard]] bool Encrypt(std::string_view plaintext);
  // What is to be sent to the peer, and how much of it was.
  std::string_view output() const { return std::string_view(output_).substr(sent_); }
  void Sent(size_t bytes);
  // Bytes of plaintext whose ciphertext has been sent, or is in output(), since the last call of
  // TakeEncrypted().
  size_t encrypted() const { return encrypted_; }
  size_t TakeEncrypted();

  // Appends the close_notify that tells the peer that nothing more comes, if it would understand
  // it.
  void Close();

  // Fails the session for `reason`, which is no fault of TLS.
  void GiveUp(std::string_view reason);

  SessionState state() const { return state_; }
  // Why it failed, in OpenSSL's words ("peer did not return a certificate") or as GiveUp() was
  // told. Empty: it did not.
  const std::string& failure() const { return failure_; }

 private:
  struct Callbacks;  // OpenSSL's view of the buffers

  void Fail();

  SSL* const ssl_;
  std::unique_ptr<char[]> input_;  // null: nothing is received
  size_t input_begin_ = 0;
  size_t input_end_ = 0;
  std::string output_;
  size_t sent_ = 0;  // of output_
  size_t encrypted_ = 0;
  SessionState state_ = SessionState::kOpen;
  std::string failure_;
};

}  // namespace duet::tls
