#include "server/tls/session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/ssl.h"

#include "server/base/check.h"

namespace duet::tls {
namespace {

// Room for one record at least (RFC 8446, section 5.2: 2^14 + 256 bytes and a header of 5).
constexpr size_t kInputBytes = 32 * 1024;
// An output buffer of more than that is given back once it is sent.
constexpr size_t kKeptOutputBytes = 1024;

}  // namespace

struct Session::Callbacks {
  static Session& Of(BIO* bio) { return *static_cast<Session*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* into, int size) {
    Session& session = Of(bio);
    const size_t bytes =
        std::min(session.input_end_ - session.input_begin_, static_cast<size_t>(size));
    BIO_clear_retry_flags(bio);
    if (bytes == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(into, session.input_.get() + session.input_begin_, bytes);
    session.input_begin_ += bytes;
    return static_cast<int>(bytes);
  }

  static int Write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    Of(bio).output_.append(data, static_cast<size_t>(size));
    return size;
  }

  static long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* Method() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "duet session");
      DUET_CHECK(made != nullptr, "OpenSSL has no memory for a BIO method");
      BIO_meth_set_read(made, &Read);
      BIO_meth_set_write(made, &Write);
      BIO_meth_set_ctrl(made, &Control);
      return made;
    }();
    return method;
  }
};

Session::Session(SSL* ssl) : ssl_(ssl) {
  BIO* const bio = BIO_new(Callbacks::Method());
  DUET_CHECK(bio != nullptr, "OpenSSL has no memory for a BIO");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

Session::~Session() { SSL_free(ssl_); }

std::span<char> Session::InputRoom() {
  DUET_DCHECK(input_begin_ == input_end_, "what was received before is not decrypted");
  if (input_ == nullptr) input_ = std::make_unique_for_overwrite<char[]>(kInputBytes);
  input_begin_ = input_end_ = 0;
  return {input_.get(), kInputBytes};
}

void Session::Received(size_t bytes) {
  input_end_ = bytes;
  if (bytes == 0) input_.reset();
}

size_t Session::Decrypt(std::span<char> into) {
  size_t done = 0;
  while (done < into.size() && state_ == SessionState::kOpen) {
    size_t got = 0;
    ERR_clear_error();
    const int ok = SSL_read_ex(ssl_, into.data() + done, into.size() - done, &got);
    done += got;
    if (ok == 1) continue;
    const int error = SSL_get_error(ssl_, ok);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      state_ = SessionState::kClosed;
    } else {
      Fail();
    }
  }
  if (input_begin_ == input_end_) input_.reset();
  return done;
}

bool Session::has_pending() const {
  return input_begin_ < input_end_ || state_ != SessionState::kOpen || SSL_pending(ssl_) > 0;
}

bool Session::Encrypt(std::string_view plaintext) {
  if (state_ == SessionState::kFailed || !SSL_is_init_finished(ssl_)) return false;
  size_t written = 0;
  ERR_clear_error();
  if (SSL_write_ex(ssl_, plaintext.data(), plaintext.size(), &written) != 1) {
    Fail();
    return false;
  }
  DUET_DCHECK(written == plaintext.size(), "a BIO that takes all leaves nothing unwritten");
  encrypted_ += written;
  return true;
}

void Session::Sent(size_t bytes) {
  sent_ += bytes;
  if (sent_ < output_.size()) {
    // A peer that reads slower than output comes would have it grow with what was sent.
    if (sent_ > kKeptOutputBytes && sent_ > output_.size() / 2) {
      output_.erase(0, std::exchange(sent_, 0));
    }
    return;
  }
  sent_ = 0;
  if (output_.capacity() > kKeptOutputBytes) {
    std::string().swap(output_);
  } else {
    output_.clear();
  }
}

size_t Session::TakeEncrypted() { return std::exchange(encrypted_, 0); }

void Session::Close() {
  if (state_ == SessionState::kFailed || !SSL_is_init_finished(ssl_)) return;
  ERR_clear_error();
  // 0: sent, and the peer's own is still to come, which nobody waits for.
  if (SSL_shutdown(ssl_) < 0) Fail();
}

void Session::GiveUp(std::string_view reason) {
  state_ = SessionState::kFailed;
  failure_ = reason;
}

void Session::Fail() {
  state_ = SessionState::kFailed;
  const unsigned long error = ERR_peek_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  failure_ = reason != nullptr ? reason : "protocol error";
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) {
    failure_ += std::string(": ") + X509_verify_cert_error_string(verified);
  }
  ERR_clear_error();
}

}  // namespace duet::tls
