// notify-keyspace-events: what of the keyspace is published, and how the setting is written.
//
// Source of letters and words: Redis 7.4's redis.conf.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duet {

enum KeyEvent : uint32_t {
  // What happened.
  kGenericEvent = 1u << 0,      // g: DEL, EXPIRE, RENAME, ... of any type
  kStringEvent = 1u << 1,       // $
  kListEvent = 1u << 2,         // l
  kSetEvent = 1u << 3,          // s
  kHashEvent = 1u << 4,         // h
  kSortedSetEvent = 1u << 5,    // z
  kExpiredEvent = 1u << 6,      // x
  kEvictedEvent = 1u << 7,      // e
  kStreamEvent = 1u << 8,       // t
  kModuleEvent = 1u << 9,       // d
  kAllEvents = (1u << 10) - 1,  // A: these
  kNewEvent = 1u << 10,         // n: a key is made
  kMissEvent = 1u << 11,        // m: a read finds no key
  // Where it is published.
  kOnKeyspace = 1u << 12,  // K: __keyspace@0__:key, which event
  kOnKeyevent = 1u << 13,  // E: __keyevent@0__:event, which key
};

// "KEA" as KeyEvents. Nothing: a letter has no meaning.
std::optional<uint32_t> ParseKeyEvents(std::string_view letters);
// "AnKE": ParseKeyEvents of it gives the same.
std::string FormatKeyEvents(uint32_t events);
// As CONFIG GET shows them, which is "AKE": Redis does not print the n behind an A.
std::string FormatKeyEventsForRedis(uint32_t events);

}  // namespace duet
