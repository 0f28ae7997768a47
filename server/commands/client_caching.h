// What a client has asked for with CLIENT TRACKING and CLIENT CACHING.
//
// Thread class: as the session that has it: worker-bound, and what is Relaxed may be read by any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/relaxed.h"

namespace duet::commands {

class Tracking;

// The options of CLIENT TRACKING ON.
enum TrackingOption : uint32_t {
  kBroadcasts = 1u << 0,  // BCAST
  kOptIn = 1u << 1,
  kOptOut = 1u << 2,
  kNoLoop = 1u << 3,
};

struct ClientCaching {
  bool has(TrackingOption option) const { return (options & option) != 0; }

  Tracking* tracking = nullptr;  // where the client is entered while it tracks
  Relaxed<uint32_t> options{0};  // TrackingOption
  Relaxed<uint64_t> redirect{
      0};  // REDIRECT: the client that hears of changes; 0: the client itself
  Relaxed<bool> redirect_broken{
      false};                         // that client was not there when there was something to hear
  std::vector<std::string> prefixes;  // BCAST; in the order in which they were given
  bool given = false;                 // CLIENT CACHING YES or NO came, for the command that follows
};

}  // namespace duet::commands
