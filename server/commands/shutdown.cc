// SHUTDOWN and LOLWUT: the end of the server, and its face.
#include <span>
#include <string>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/version.h"

namespace duet::commands {
namespace {

struct ShutdownOptions {
  bool save = false;
  bool no_save = false;
  bool now = false;
  bool force = false;
  bool abort = false;
};

Expected<ShutdownOptions> ParseShutdownOptions(Argv words) {
  ShutdownOptions options;
  for (const std::string_view word : words) {
    bool* const flag = EqualsIgnoreCase(word, "save")     ? &options.save
                       : EqualsIgnoreCase(word, "nosave") ? &options.no_save
                       : EqualsIgnoreCase(word, "now")    ? &options.now
                       : EqualsIgnoreCase(word, "force")  ? &options.force
                       : EqualsIgnoreCase(word, "abort")  ? &options.abort
                                                          : nullptr;
    if (flag == nullptr) return SyntaxError();
    *flag = true;
  }
  const bool others = options.save || options.no_save || options.now || options.force;
  if ((options.abort && others) || (options.save && options.no_save)) return SyntaxError();
  return options;
}

Error CannotAbort(bool shutting_down) {
  return MakeError(ErrorCode::kConflict,
                   shutting_down ? "ERR the shutdown in progress cannot be aborted any more"
                                 : "ERR No shutdown in progress.");
}

// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
//
// As after SIGTERM: the doors close, what is in flight is finished. There is nothing to save, so
// that NOSAVE says what is done anyway, and SAVE is refused unless FORCE takes that for good. NOW
// leaves out the drain delay. A client that has shut the server down sees its connection close and
// no reply, as with Redis; through gRPC it is told that it will be done.
void Shutdown(CommandContext& ctx) {
  const Expected<ShutdownOptions> options = ParseShutdownOptions(ctx.args.subspan(1));
  if (!options) return ctx.reply.Error(options.error());
  if (options->abort) return ctx.reply.Error(CannotAbort(ctx.server.shutting_down));
  if (options->save && !options->force) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kGeneric, "ERR SHUTDOWN SAVE: this server saves nothing to disk"));
  }
  ctx.server.shut_down(options->now);
  if (ctx.session.door != Door::kResp) return ctx.reply.Ok();
  ctx.session.close_after_reply = true;
}

// LOLWUT [VERSION version [arg ...]]. Every version is this one.
void Lolwut(CommandContext& ctx) {
  const bool asks_for_one = ctx.args.size() >= 3 && EqualsIgnoreCase(ctx.args[1], "version");
  if (asks_for_one && !ParseInt64(ctx.args[2])) return ctx.reply.Error(NotAnInteger());
  std::string text =
      "      __          __\n"
      "  ___/ /_ _____ _/ /_    one store,\n"
      " / _  / // / -_)  __/    two doors\n"
      " \\_,_/\\_,_/\\__/ \\__/\n\n";
  text.append("Redis ver. ").append(kRedisVersion);
  text.append(", Duet ver. ").append(kDuetVersion).append("\n");
  ctx.reply.Verbatim("txt", text);
}

constexpr CommandSpec kRows[] = {
    {.name = "shutdown",
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy,
     .group = "server",
     .since = "1.0.0",
     .summary = "Shuts the server down.",
     .complexity = "O(1)",
     .syntax = "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
     .handler = Shutdown},
    {.name = "lolwut",
     .arity = -1,
     .flags = kReadOnly | kFast,
     .group = "server",
     .since = "5.0.0",
     .summary = "Shows the server's face and version.",
     .complexity = "O(1)",
     .syntax = "[VERSION version]",
     .handler = Lolwut},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ShutdownCommands() { return kRows; }

}  // namespace duet::commands
