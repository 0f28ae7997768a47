// SORT and SORT_RO, as far as there is something to sort: strings are not, and a missing key is an
// empty list.
#include <optional>
#include <span>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

struct SortOptions {
  std::optional<std::string_view> destination;
};

// What only orders and picks elements is checked, and then there are none.
Expected<SortOptions> ParseSortOptions(Argv options, bool may_store) {
  SortOptions parsed;
  for (size_t i = 0; i < options.size(); ++i) {
    const size_t left = options.size() - i - 1;
    const auto is = [word = options[i]](std::string_view name) {
      return EqualsIgnoreCase(word, name);
    };
    if (is("asc") || is("desc") || is("alpha")) continue;
    if (is("limit") && left >= 2) {
      if (!ParseInt64(options[i + 1]) || !ParseInt64(options[i + 2])) return NotAnInteger();
      i += 2;
    } else if ((is("by") || is("get")) && left >= 1) {
      ++i;
    } else if (may_store && is("store") && left >= 1) {
      parsed.destination = options[++i];
    } else {
      return SyntaxError();
    }
  }
  return parsed;
}

void SortGeneric(CommandContext& ctx, bool may_store) {
  const Expected<SortOptions> options = ParseSortOptions(ctx.args.subspan(2), may_store);
  if (!options) return ctx.reply.Error(options.error());
  if (ctx.Read(ctx.key()) != nullptr) return ctx.reply.Error(WrongType());
  if (!options->destination) return ctx.reply.Array(0);
  // To store nothing is to delete what is there.
  const store::Key destination = ctx.server.store->MakeKey(*options->destination);
  if (ctx.db.Erase(destination)) ctx.Notify(kGenericEvent, "del", destination);
  ctx.reply.Integer(0);
}

// SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE dest]
void Sort(CommandContext& ctx) { SortGeneric(ctx, /*may_store=*/true); }
void SortRo(CommandContext& ctx) { SortGeneric(ctx, /*may_store=*/false); }

constexpr std::string_view kComplexity =
    "O(N+M*log(M)) where N is the number of elements to sort and M the number of returned ones.";
constexpr uint32_t kAclOfSort = kAclSet | kAclSortedSet | kAclList | kAclDangerous;

// The destination may stand anywhere, so that SORT locks all shards.
constexpr CommandSpec kRows[] = {
    {.name = "sort",
     .arity = -2,
     .flags = kWrite | kDenyOom | kMovableKeys | kAllShards,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclOfSort,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Sorts a list, a set or a sorted set, and returns or stores the result.",
     .complexity = kComplexity,
     .syntax = "key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] "
               "[ASC | DESC] [ALPHA] [STORE destination]",
     .handler = Sort},
    {.name = "sort_ro",
     .arity = -2,
     .flags = kReadOnly | kMovableKeys,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclOfSort,
     .group = "generic",
     .since = "7.0.0",
     .summary = "Sorts a list, a set or a sorted set, and returns the result.",
     .complexity = kComplexity,
     .syntax = "key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] "
               "[ASC | DESC] [ALPHA]",
     .handler = SortRo},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> SortCommands() { return kRows; }

}  // namespace duet::commands
