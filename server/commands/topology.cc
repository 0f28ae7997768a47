// What the server says to clients that look for replicas and clusters: it is one master alone.
//
// Client libraries ask these while they connect, or when they have been told to expect a cluster;
// Redis' lines let them fall back, or say what is wrong.
#include <cstdint>
#include <span>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"

namespace duet::commands {
namespace {

// Its role, its offset in a replication stream, its replicas.
void Role(CommandContext& ctx) {
  ctx.reply.Array(3);
  ctx.reply.Bulk("master");
  ctx.reply.Integer(0);
  ctx.reply.Array(0);
}

void NoCluster(CommandContext& ctx) {
  ctx.reply.Error(MakeError(ErrorCode::kGeneric, "ERR This instance has cluster support disabled"));
}

// It replicates from nobody, and can be told so.
void ReplicaOf(CommandContext& ctx) {
  if (EqualsIgnoreCase(ctx.args[1], "no") && EqualsIgnoreCase(ctx.args[2], "one")) {
    return ctx.reply.Ok();
  }
  ctx.reply.Error(MakeError(ErrorCode::kGeneric,
                            "ERR REPLICAOF is not supported: this server replicates from nobody"));
}

constexpr uint32_t kReplication = kAdmin | kNoScript | kStale;

constexpr CommandSpec Subcommand(std::string_view name, int arity, std::string_view since,
                                 std::string_view syntax = "", std::string_view tips = "",
                                 uint32_t flags = kStale) {
  return {.name = name,
          .arity = arity,
          .flags = flags,
          .group = "cluster",
          .since = since,
          .summary = "Fails: this is no cluster.",
          .complexity = "O(1)",
          .syntax = syntax,
          .handler = NoCluster,
          .tips = tips};
}

constexpr std::string_view kChanges = "nondeterministic_output";

// Those that clients and tools send on their own, not those that an administrator of a cluster
// does.
constexpr CommandSpec kClusterSubcommands[] = {
    Subcommand("info", 2, "3.0.0", "", kChanges),
    Subcommand("nodes", 2, "3.0.0", "", kChanges),
    Subcommand("slots", 2, "3.0.0", "", kChanges),
    Subcommand("shards", 2, "7.0.0", "", kChanges),
    Subcommand("links", 2, "7.0.0", "", kChanges),
    Subcommand("myid", 2, "3.0.0"),
    Subcommand("keyslot", 3, "3.0.0", "key"),
    Subcommand("countkeysinslot", 3, "3.0.0", "slot"),
    Subcommand("getkeysinslot", 4, "3.0.0", "slot count", kChanges),
    Subcommand("reset", -2, "3.0.0", "[HARD | SOFT]", "", kAdmin | kStale | kNoScript),
    Subcommand("help", 2, "5.0.0", "", "", kLoading | kStale),
};

constexpr CommandSpec kRows[] = {
    {.name = "role",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .acl = kAclAdmin | kAclDangerous,
     .group = "server",
     .since = "2.8.12",
     .summary = "Returns the role in replication.",
     .complexity = "O(1)",
     .handler = Role},
    {.name = "cluster",
     .arity = -2,
     .group = "cluster",
     .since = "3.0.0",
     .summary = "Holds the commands about a cluster.",
     .complexity = "Depends on subcommand.",
     .subcommands = kClusterSubcommands},
    {.name = "replicaof",
     .arity = 3,
     .flags = kReplication,
     .group = "server",
     .since = "5.0.0",
     .summary = "Takes NO ONE, which it replicates from, and refuses anybody else.",
     .complexity = "O(1)",
     .syntax = "<host port | NO ONE>",
     .handler = ReplicaOf},
    {.name = "slaveof",
     .arity = 3,
     .flags = kReplication,
     .group = "server",
     .since = "1.0.0",
     .summary = "Takes NO ONE, which it replicates from, and refuses anybody else.",
     .complexity = "O(1)",
     .syntax = "<host port | NO ONE>",
     .handler = ReplicaOf,
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`"},
    {.name = "asking",
     .arity = 1,
     .flags = kFast,
     .acl = kAclConnection,
     .group = "cluster",
     .since = "3.0.0",
     .summary = "Fails: this is no cluster.",
     .complexity = "O(1)",
     .handler = NoCluster},
    {.name = "readonly",
     .arity = 1,
     .flags = kFast | kLoading | kStale,
     .acl = kAclConnection,
     .group = "cluster",
     .since = "3.0.0",
     .summary = "Fails: this is no cluster.",
     .complexity = "O(1)",
     .handler = NoCluster},
    {.name = "readwrite",
     .arity = 1,
     .flags = kFast | kLoading | kStale,
     .acl = kAclConnection,
     .group = "cluster",
     .since = "3.0.0",
     .summary = "Fails: this is no cluster.",
     .complexity = "O(1)",
     .handler = NoCluster},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> TopologyCommands() { return kRows; }

}  // namespace duet::commands
