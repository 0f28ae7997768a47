// OBJECT: how a value is held and used.
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "server/commands/access_clock.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/commands/memory_bound.h"
#include "server/commands/object_info.h"

namespace duet::commands {
namespace {

constexpr size_t kMostEmbeddedBytes = 44;
constexpr int64_t kSharedIntegers = 10'000;

}  // namespace

std::string_view EncodingName(const store::Entry& entry) {
  if (entry.IsInteger()) return "int";
  return entry.WasResized() || entry.StringSize() > kMostEmbeddedBytes ? "raw" : "embstr";
}

int64_t ReferenceCount(const store::Entry& entry, const SharedMemoryLimits& limits) {
  const bool own_access = limits.max_bytes != 0 && (IsLru(limits.policy) || IsLfu(limits.policy));
  const bool shared =
      entry.IsInteger() && entry.integer() >= 0 && entry.integer() < kSharedIntegers && !own_access;
  return shared ? std::numeric_limits<int32_t>::max() : 1;
}

namespace {

constexpr char kNoIdleTime[] =
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
    "switching between policies at runtime LRU and LFU data will take some time to adjust.";
constexpr char kNoFrequency[] =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";

// The entry at the key; null, and replied with, if there is none. As ctx.Read, but a missing key is
// no event.
const store::Entry* FindOrReply(CommandContext& ctx) {
  const store::Entry* entry = ctx.db.Find(ctx.key());
  metrics::WorkerCounters& counters = *ctx.session.counters;
  (entry != nullptr ? counters.keyspace_hits : counters.keyspace_misses).Add();
  if (entry == nullptr) ctx.reply.Null();
  return entry;
}

void ObjectEncoding(CommandContext& ctx) {
  if (const store::Entry* entry = FindOrReply(ctx)) ctx.reply.Bulk(EncodingName(*entry));
}

void ObjectRefCount(CommandContext& ctx) {
  const store::Entry* entry = FindOrReply(ctx);
  if (entry != nullptr) {
    ctx.reply.Integer(ReferenceCount(*entry, ctx.server.memory->limits()));
  }
}

void ObjectIdleTime(CommandContext& ctx) {
  const store::Entry* entry = FindOrReply(ctx);
  if (entry == nullptr) return;
  if (IsLfu(ctx.server.memory->limits().policy)) {
    return ctx.reply.Error(MakeError(ErrorCode::kGeneric, kNoIdleTime));
  }
  ctx.reply.Integer(IdleMs(entry->access(), ctx.now_ms) / 1000);
}

void ObjectFreq(CommandContext& ctx) {
  const store::Entry* entry = FindOrReply(ctx);
  if (entry == nullptr) return;
  const SharedMemoryLimits& limits = ctx.server.memory->limits();
  if (!IsLfu(limits.policy)) {
    return ctx.reply.Error(MakeError(ErrorCode::kGeneric, kNoFrequency));
  }
  ctx.reply.Integer(CountOfUses(entry->access(), ctx.now_ms, limits.lfu_decay_minutes));
}

void ObjectHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "ENCODING <key>",
      "    Return the kind of internal representation used in order to store the value",
      "    associated with a <key>.",
      "FREQ <key>",
      "    Return the access frequency index of the <key>. The returned integer is",
      "    proportional to the logarithm of the recent access frequency of the key.",
      "IDLETIME <key>",
      "    Return the idle time of the <key>, that is the approximated number of",
      "    seconds elapsed since the last access to the key.",
      "REFCOUNT <key>",
      "    Return the number of references of the value associated with the specified",
      "    <key>.",
  };
  ReplyHelp(ctx.reply, "OBJECT", kLines);
}

constexpr KeySpec kSecondWord = {.first = 2, .last = 2, .step = 1, .access = kKeyRO};
constexpr uint32_t kLooksOn = kReadOnly | kKeepsAccess;

constexpr CommandSpec kSubcommands[] = {
    {.name = "encoding",
     .arity = 3,
     .flags = kLooksOn,
     .keys = kSecondWord,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.2.3",
     .summary = "Returns the name of the form in which Redis would hold the value at a key.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = ObjectEncoding,
     .tips = "nondeterministic_output"},
    {.name = "freq",
     .arity = 3,
     .flags = kLooksOn,
     .keys = kSecondWord,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "4.0.0",
     .summary = "Returns how often a key is used, on a logarithmic scale.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = ObjectFreq,
     .tips = "nondeterministic_output"},
    {.name = "idletime",
     .arity = 3,
     .flags = kLooksOn,
     .keys = kSecondWord,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.2.3",
     .summary = "Returns the seconds since a key was last used.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = ObjectIdleTime,
     .tips = "nondeterministic_output"},
    {.name = "refcount",
     .arity = 3,
     .flags = kLooksOn,
     .keys = kSecondWord,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.2.3",
     .summary = "Returns how many references Redis would have to the value at a key.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = ObjectRefCount,
     .tips = "nondeterministic_output"},
    {.name = "help",
     .arity = 2,
     .flags = kLoading | kStale,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "6.2.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = ObjectHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "object",
     .arity = -2,
     .group = "generic",
     .since = "2.2.3",
     .summary = "Holds the commands about how values are held.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ObjectCommands() { return kRows; }

}  // namespace duet::commands
