// Cancellation: a source asks, tokens are asked, and awaitables give "cancelled" as their result.
//
// A CancelSource belongs to whoever may give up (a server that drains, a call that was cancelled).
// It hands out tokens; an awaitable that takes one completes early with its cancelled value once
// Cancel() has been called, before or during the wait. A default token is never cancelled and costs
// nothing. Nothing is undone: what the awaitable has got by then is given, not lost.
//
// Thread class: thread-safe.
#pragma once

#include <stop_token>
#include <utility>

namespace duet::runtime {

class CancelToken {
 public:
  CancelToken() = default;
  explicit CancelToken(std::stop_token token) : token_(std::move(token)) {}

  bool cancelled() const { return token_.stop_requested(); }
  // False if nobody can cancel it any more.
  bool can_be_cancelled() const { return token_.stop_possible(); }
  const std::stop_token& token() const { return token_; }

 private:
  std::stop_token token_;
};

class CancelSource {
 public:
  CancelToken token() const { return CancelToken(source_.get_token()); }
  bool cancelled() const { return source_.stop_requested(); }
  // Runs the registered callbacks on this thread, in no order. True for the first call.
  bool Cancel() { return source_.request_stop(); }

 private:
  std::stop_source source_;
};

// Calls `callback` once when the token is cancelled, on the cancelling thread, or at once here if
// it already was. The destructor waits for a callback that runs on another thread.
template <typename Callback>
class CancelCallback {
 public:
  CancelCallback(const CancelToken& token, Callback callback)
      : callback_(token.token(), std::move(callback)) {}

 private:
  std::stop_callback<Callback> callback_;
};

}  // namespace duet::runtime
