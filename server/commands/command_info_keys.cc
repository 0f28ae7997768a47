#include "server/commands/command_info_keys.h"

#include <algorithm>
#include <string_view>

#include "server/base/numbers.h"

namespace duet::commands {
namespace {

// Of the strings, SET alone varies: it overwrites, unless an option makes it read what was there.
uint16_t AccessOfSet(Argv argv) {
  for (const std::string_view word : argv.subspan(3)) {
    for (const std::string_view reading : {"get", "ifeq", "ifne", "ifdeq", "ifdne"}) {
      if (EqualsIgnoreCase(word, reading)) return kKeyRW | kKeyAccess | kKeyUpdate;
    }
  }
  return kKeyOW | kKeyUpdate;
}

void AppendPositions(const CommandSpec& spec, const KeySpec& keys, Argv argv,
                     std::vector<KeyPosition>& positions) {
  if (keys.first == 0) return;
  const auto words = static_cast<ptrdiff_t>(argv.size());
  const ptrdiff_t last =
      keys.last < 0 ? words + keys.last : std::min(static_cast<ptrdiff_t>(keys.last), words - 1);
  const bool varies = (keys.access & kKeyVariable) != 0 && spec.name == "set";
  const uint16_t access = varies ? AccessOfSet(argv) : keys.access;
  for (ptrdiff_t i = keys.first; i <= last; i += keys.step) {
    positions.push_back({.index = static_cast<size_t>(i), .access = access});
  }
}

// Where SORT stores: the word behind the last STORE. What stands behind LIMIT, BY and GET is
// theirs.
void AppendSortDestination(Argv argv, std::vector<KeyPosition>& positions) {
  size_t destination = 0;
  for (size_t i = 2; i + 1 < argv.size(); ++i) {
    if (EqualsIgnoreCase(argv[i], "limit")) {
      i += 2;
    } else if (EqualsIgnoreCase(argv[i], "by") || EqualsIgnoreCase(argv[i], "get")) {
      ++i;
    } else if (EqualsIgnoreCase(argv[i], "store")) {
      destination = i + 1;
    }
  }
  if (destination != 0) positions.push_back({.index = destination, .access = kKeyOW | kKeyUpdate});
}

}  // namespace

std::vector<KeyPosition> FindKeys(const CommandSpec& spec, Argv argv) {
  std::vector<KeyPosition> positions;
  AppendPositions(spec, spec.keys, argv, positions);
  AppendPositions(spec, spec.more_keys, argv, positions);
  if (spec.name == "sort") AppendSortDestination(argv, positions);
  return positions;
}

}  // namespace duet::commands
