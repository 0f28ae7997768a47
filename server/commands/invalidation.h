// The message that keys are invalid now, as clients with different protocols get it.
//
// Source: https://redis.io/docs/latest/develop/reference/client-side-caching/
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "server/pubsub/mailbox.h"

namespace duet::commands {

// Thread-compatible: one message on its way to all that get it.
class Invalidation {
 public:
  // Of these keys, which outlive it.
  explicit Invalidation(std::span<const std::string_view> keys) : keys_(keys) {}
  // Of all keys.
  static Invalidation OfAll() { return Invalidation({}); }

  // For RESP3: a push "invalidate" with an array of the keys, or null for all.
  const pubsub::Message& push();
  // For a client of RESP2 that listens to channels: a message from "__redis__:invalidate".
  const pubsub::Message& channel_message();

 private:
  std::span<const std::string_view> keys_;
  pubsub::Message push_;             // made when somebody asks for it
  pubsub::Message channel_message_;  // likewise
};

// The push that tells a client of RESP3 that the client it redirects invalidations to is gone.
pubsub::Message RedirectBroken(uint64_t redirect);

}  // namespace duet::commands
