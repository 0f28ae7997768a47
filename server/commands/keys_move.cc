// A value under another name or in another database: RENAME, RENAMENX, COPY, MOVE.
#include <cstddef>
#include <span>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/int_argument.h"

namespace duet::commands {
namespace {

Error SameObject() {
  return MakeError(ErrorCode::kConflict, "ERR source and destination objects are the same");
}

void RenameKey(CommandContext& ctx) {
  ctx.db.Rename(ctx.keys[0], ctx.db, ctx.keys[1]);
  ctx.Notify(kGenericEvent, "rename_from", ctx.keys[0]);
  ctx.Notify(kGenericEvent, "rename_to", ctx.keys[1]);
}

void Rename(CommandContext& ctx) {
  if (ctx.db.Find(ctx.keys[0]) == nullptr) return ctx.reply.Error(NoSuchKey());
  if (ctx.args[1] != ctx.args[2]) RenameKey(ctx);
  ctx.reply.Ok();
}

void RenameNx(CommandContext& ctx) {
  if (ctx.db.Find(ctx.keys[0]) == nullptr) return ctx.reply.Error(NoSuchKey());
  // The same name twice exists, and so is not renamed.
  if (ctx.db.Find(ctx.keys[1]) != nullptr) return ctx.reply.Integer(0);
  RenameKey(ctx);
  ctx.reply.Integer(1);
}

struct CopyOptions {
  int database = 0;
  bool replace = false;
};

Expected<CopyOptions> ParseCopyOptions(Argv options, int current_database) {
  CopyOptions parsed{.database = current_database};
  for (size_t i = 0; i < options.size(); ++i) {
    if (EqualsIgnoreCase(options[i], "replace")) {
      parsed.replace = true;
    } else if (EqualsIgnoreCase(options[i], "db") && i + 1 < options.size()) {
      const Expected<int> database = ParseDatabaseArgument(options[++i]);
      if (!database) return database.error();
      parsed.database = *database;
    } else {
      return SyntaxError();
    }
  }
  return parsed;
}

void Copy(CommandContext& ctx) {
  const Expected<CopyOptions> options = ParseCopyOptions(ctx.args.subspan(3), ctx.db.index());
  if (!options) return ctx.reply.Error(options.error());
  if (options->database == ctx.db.index() && ctx.args[1] == ctx.args[2]) {
    return ctx.reply.Error(SameObject());
  }
  if (ctx.Read(ctx.keys[0]) == nullptr) return ctx.reply.Integer(0);
  store::Database target = ctx.db.Sibling(options->database);
  if (!options->replace && target.Find(ctx.keys[1]) != nullptr) return ctx.reply.Integer(0);
  ctx.db.Copy(ctx.keys[0], target, ctx.keys[1]);
  ctx.Notify(kGenericEvent, "copy_to", ctx.keys[1], target.index());
  ctx.reply.Integer(1);
}

void Move(CommandContext& ctx) {
  const Expected<int> database = ParseDatabaseArgument(ctx.args[2]);
  if (!database) return ctx.reply.Error(database.error());
  if (*database == ctx.db.index()) return ctx.reply.Error(SameObject());
  store::Database target = ctx.db.Sibling(*database);
  if (ctx.db.Find(ctx.key()) == nullptr || target.Find(ctx.key()) != nullptr) {
    return ctx.reply.Integer(0);
  }
  ctx.db.Rename(ctx.key(), target, ctx.key());
  ctx.Notify(kGenericEvent, "move_from", ctx.key());
  ctx.Notify(kGenericEvent, "move_to", ctx.key(), target.index());
  ctx.reply.Integer(1);
}

constexpr KeySpec kTakenKey = {
    .first = 1, .last = 1, .step = 1, .access = kKeyRW | kKeyAccess | kKeyDelete};

constexpr CommandSpec kRows[] = {
    {.name = "rename",
     .arity = 3,
     .flags = kWrite,
     .keys = kTakenKey,
     .more_keys = {.first = 2, .last = 2, .step = 1, .access = kKeyOW | kKeyUpdate},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Renames a key, over what the new name held.",
     .complexity = "O(1)",
     .syntax = "key newkey",
     .handler = Rename},
    {.name = "renamenx",
     .arity = 3,
     .flags = kWrite | kFast,
     .keys = kTakenKey,
     .more_keys = {.first = 2, .last = 2, .step = 1, .access = kKeyOW | kKeyInsert},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Renames a key if the new name is free.",
     .complexity = "O(1)",
     .syntax = "key newkey",
     .handler = RenameNx},
    {.name = "copy",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = {.first = 1, .last = 1, .step = 1, .access = kKeyRO | kKeyAccess},
     .more_keys = {.first = 2, .last = 2, .step = 1, .access = kKeyOW | kKeyUpdate},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "6.2.0",
     .summary = "Copies the value and the expiry of a key to another key.",
     .complexity = "O(N) where N is the size of the value.",
     .syntax = "source destination [DB destination-db] [REPLACE]",
     .handler = Copy},
    {.name = "move",
     .arity = 3,
     .flags = kWrite | kFast,
     .keys = {.first = 1, .last = 1, .step = 1, .access = kKeyRW | kKeyAccess | kKeyUpdate},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Moves a key to another database.",
     .complexity = "O(1)",
     .syntax = "key db",
     .handler = Move},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> KeyMoveCommands() { return kRows; }

}  // namespace duet::commands
