#include "server/api/key_event_flags.h"

namespace duet {
namespace {

struct Letter {
  char letter;
  uint32_t events;
};

// In the order in which they are printed.
constexpr Letter kLetters[] = {
    {'A', kAllEvents},    {'g', kGenericEvent}, {'$', kStringEvent},    {'l', kListEvent},
    {'s', kSetEvent},     {'h', kHashEvent},    {'z', kSortedSetEvent}, {'x', kExpiredEvent},
    {'e', kEvictedEvent}, {'t', kStreamEvent},  {'d', kModuleEvent},    {'n', kNewEvent},
    {'K', kOnKeyspace},   {'E', kOnKeyevent},   {'m', kMissEvent},
};

}  // namespace

std::optional<uint32_t> ParseKeyEvents(std::string_view letters) {
  uint32_t events = 0;
  for (const char c : letters) {
    uint32_t meant = 0;
    for (const Letter& letter : kLetters) {
      if (letter.letter == c) meant = letter.events;
    }
    if (meant == 0) return std::nullopt;
    events |= meant;
  }
  return events;
}

std::string FormatKeyEvents(uint32_t events) {
  std::string text;
  for (const Letter& letter : kLetters) {
    if ((events & letter.events) != letter.events) continue;
    text += letter.letter;
    if (letter.letter == 'A') events &= ~uint32_t{kAllEvents};
  }
  return text;
}

std::string FormatKeyEventsForRedis(uint32_t events) {
  if ((events & kAllEvents) == kAllEvents) events &= ~uint32_t{kNewEvent};
  return FormatKeyEvents(events);
}

}  // namespace duet
