// MODULE: there are none, which clients and user interfaces ask when they connect; and none can be
// loaded, as in a Redis whose enable-module-command is "no".
#include <cstdint>
#include <span>
#include <string_view>

#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/commands/refuse_protected.h"

namespace duet::commands {
namespace {

void ModuleList(CommandContext& ctx) { ctx.reply.Array(0); }

void RefuseModule(CommandContext& ctx) {
  ctx.reply.Error(*RefuseProtected(ctx.spec, ctx.server, ctx.session));
}

void ModuleHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "LIST",
      "    Return a list of loaded modules.",
      "LOAD <path> [<arg> ...]",
      "    Load a module library from <path>, passing to it any optional arguments.",
      "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
      "    Load a module library from <path>, while passing it module configurations and optional "
      "arguments.",
      "UNLOAD <name>",
      "    Unload a module.",
  };
  ReplyHelp(ctx.reply, "MODULE", kLines);
}

constexpr CommandSpec Refused(std::string_view name, int arity, std::string_view since,
                              std::string_view syntax) {
  return {.name = name,
          .arity = arity,
          .flags = kAdmin | kNoScript | kProtected,
          .group = "server",
          .since = since,
          .summary = "Fails: there are no modules.",
          .complexity = "O(1)",
          .syntax = syntax,
          .handler = RefuseModule};
}

constexpr CommandSpec kSubcommands[] = {
    {.name = "list",
     .arity = 2,
     .flags = kAdmin | kNoScript,
     .group = "server",
     .since = "4.0.0",
     .summary = "Lists the modules, of which there are none.",
     .complexity = "O(N) where N is the number of loaded modules.",
     .handler = ModuleList,
     .tips = "nondeterministic_output_order"},
    Refused("load", -3, "4.0.0", "path [arg [arg ...]]"),
    Refused("loadex", -3, "7.0.0",
            "path [CONFIG name value [CONFIG name value ...]] [ARGS arg [arg ...]]"),
    Refused("unload", 3, "4.0.0", "name"),
    {.name = "help",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "5.0.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = ModuleHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "module",
     .arity = -2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Holds the commands about modules.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ModuleCommands() { return kRows; }

}  // namespace duet::commands
