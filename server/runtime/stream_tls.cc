// Streams that speak TLS: between the socket and its reader or writer stands a tls::Session.
//
// A read receives once, and once more if no whole record was there: there are records without
// plaintext, and a client may send nothing else. It gives out what was decrypted, and what the
// reader had no room for is the next read's, without a look at the socket: epoll does not know of
// it. A write counts as sent what has left as ciphertext. Ciphertext that the socket did not take
// stays in the session's output, in front of all that follows.
#include <algorithm>
#include <cerrno>

#include "server/base/check.h"
#include "server/runtime/stream.h"

namespace duet::runtime {
namespace {

// Plaintext that is encrypted and sent at once: four records of the largest size.
constexpr size_t kEncryptBytes = 64 * 1024;

// Receives of a read in one turn. Each has room for the largest record.
constexpr int kMaxReceives = 2;

// Answers to handshake messages that a peer may leave unread, beside what was written to it.
constexpr size_t kMaxUnreadBytes = 4 * kEncryptBytes;

}  // namespace

// True: plaintext, or the end, was there without receiving more.
bool Stream::ReceivePending(std::span<char> into, IoResult& result) {
  if (!tls_->has_pending()) return false;
  result.bytes = tls_->Decrypt(into);
  // The handshake's answers, and alerts. That they cannot be sent shows at the next write, or when
  // the peer does not go on.
  IoResult flushed;
  if (!tls_->output().empty() && !FlushTls(flushed)) {
    if (tls_->output().size() > kMaxUnreadBytes) tls_->GiveUp("it leaves TLS' answers unread");
    SetInterest(interest_ == kUnregistered ? EPOLLOUT : interest_ | EPOLLOUT);
  }
  if (result.bytes > 0) return true;
  switch (tls_->state()) {
    case tls::SessionState::kOpen:
      return false;
    case tls::SessionState::kClosed:
      result.status = IoStatus::kEof;
      return true;
    case tls::SessionState::kFailed:
      break;
  }
  result.status = IoStatus::kError;
  result.error = EPROTO;
  return true;
}

bool Stream::ReceiveTls(std::span<char> into, IoResult& result) {
  for (int receives = 0; !ReceivePending(into, result); ++receives) {
    if (receives == kMaxReceives) return false;  // epoll calls again
    IoResult received;
    const bool done = ReceiveBytes(tls_->InputRoom(), received);
    tls_->Received(received.bytes);
    if (!done) return false;
    if (received.ok()) continue;
    result = received;
    return true;
  }
  return true;
}

bool Stream::SendTls(std::string_view data, IoResult& result) {
  DUET_DCHECK(tls_->encrypted() <= data.size() - result.bytes,
              "what a write did not take is what the next one begins with");
  while (result.bytes < data.size()) {
    const std::string_view next = data.substr(result.bytes, kEncryptBytes);
    if (tls_->encrypted() == 0 && !tls_->Encrypt(next)) {
      result.status = IoStatus::kError;
      result.error = EPROTO;
      return true;
    }
    if (!FlushTls(result)) return false;
    if (!result.ok()) return true;
    result.bytes += tls_->TakeEncrypted();
  }
  return true;
}

// Sends what the session has for the peer; false: the socket is full. Does not touch result.bytes.
bool Stream::FlushTls(IoResult& result) {
  IoResult sent;
  const bool done = SendBytes(tls_->output(), sent);
  tls_->Sent(sent.bytes);
  result.status = sent.status;
  result.error = sent.error;
  return done;
}

// As far as it goes without waiting: a peer that does not read will not miss it.
void Stream::CloseTls() {
  tls_->Close();
  IoResult flushed;
  FlushTls(flushed);
}

}  // namespace duet::runtime
