// COMMAND: the table of commands, as clients and redis-cli ask for it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"

#include "server/base/glob.h"
#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_docs.h"
#include "server/commands/command_info_keys.h"
#include "server/commands/command_info_lookup.h"
#include "server/commands/command_info_names.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"

namespace duet::commands {
namespace {

void ReplyStatusSet(ReplyWriter& reply, const std::vector<std::string_view>& words) {
  reply.Set(words.size());
  for (const std::string_view word : words) reply.SimpleString(word);
}

void ReplyTips(ReplyWriter& reply, std::string_view tips) {
  const std::vector<std::string> words = absl::StrSplit(std::string(tips), ' ', absl::SkipEmpty());
  reply.Set(words.size());
  for (const std::string& word : words) reply.Bulk(word);
}

void ReplyPair(ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.Bulk(name);
  reply.Integer(value);
}

// One key specification. Redis counts `lastkey` from the first key where it is not negative.
void ReplyKeySpec(ReplyWriter& reply, const KeySpec& keys, std::string_view notes) {
  reply.Map(notes.empty() ? 3 : 4);
  if (!notes.empty()) {
    reply.Bulk("notes");
    reply.Bulk(notes);
  }
  reply.Bulk("flags");
  ReplyStatusSet(reply, KeyAccessNames(keys.access));
  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("index");
  reply.Bulk("spec");
  reply.Map(1);
  ReplyPair(reply, "index", keys.first);
  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("range");
  reply.Bulk("spec");
  reply.Map(3);
  ReplyPair(reply, "lastkey", keys.last < 0 ? keys.last : keys.last - keys.first);
  ReplyPair(reply, "keystep", keys.step);
  ReplyPair(reply, "limit", 0);
}

// The one range that clients from before key specifications know.
void ReplyKeyRange(ReplyWriter& reply, const CommandSpec& spec) {
  const KeySpec& keys = spec.channels.first != 0 ? spec.channels : spec.keys;
  const bool two = spec.more_keys.first != 0;
  const int last = two ? std::max(keys.last, spec.more_keys.last) : keys.last;
  reply.Integer(keys.first);
  reply.Integer(last);
  reply.Integer(keys.step);
}

// The ten elements of COMMAND INFO.
void ReplyCommand(ReplyWriter& reply, const Command& command) {
  const CommandSpec& spec = *command.spec;
  reply.Array(10);
  reply.Bulk(command.full_name);
  reply.Integer(spec.arity);
  ReplyStatusSet(reply, FlagNames(spec.flags));
  ReplyKeyRange(reply, spec);
  ReplyStatusSet(reply, AclCategoryNames(spec));
  ReplyTips(reply, spec.tips);
  const KeySpec* const key_specs[] = {&spec.keys, &spec.more_keys, &spec.channels};
  const auto exists = [](const KeySpec* keys) { return keys->first != 0; };
  reply.Set(static_cast<size_t>(std::ranges::count_if(key_specs, exists)));
  for (const KeySpec* keys : key_specs) {
    if (exists(keys)) ReplyKeySpec(reply, *keys, keys == &spec.keys ? spec.key_notes : "");
  }
  // As Redis has it: an array, but where there are none, an empty set.
  if (command.subcommands.empty()) return reply.Set(0);
  reply.Array(command.subcommands.size());
  for (const Command* subcommand : command.subcommands) ReplyCommand(reply, *subcommand);
}

void CommandAll(CommandContext& ctx) {
  const std::span<const Command> all = TopLevelCommands();
  ctx.reply.Array(all.size());
  for (const Command& command : all) ReplyCommand(ctx.reply, command);
}

void CommandCount(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(TopLevelCommands().size()));
}

void CommandInfo(CommandContext& ctx) {
  const Argv names = ctx.args.subspan(2);
  if (names.empty()) return CommandAll(ctx);
  ctx.reply.Array(names.size());
  for (const std::string_view name : names) {
    const Command* command = FindFullName(name);
    if (command == nullptr) {
      ctx.reply.Null();
    } else {
      ReplyCommand(ctx.reply, *command);
    }
  }
}

// What COMMAND LIST leaves; by default nothing.
struct ListFilter {
  enum class Kind { kNone, kModule, kAclCategory, kPattern } kind = Kind::kNone;
  std::string_view argument;

  bool Keeps(const Command& command) const {
    switch (kind) {
      case Kind::kNone:
        return true;
      case Kind::kModule:
        return false;  // there are no modules
      case Kind::kAclCategory:
        return IsInAclCategory(*command.spec, argument).value_or(false);
      case Kind::kPattern:
        return GlobMatch(argument, command.full_name, /*ignore_case=*/true);
    }
    return false;
  }
};

// Parses "[FILTERBY <MODULE name | ACLCAT category | PATTERN pattern>]".
Expected<ListFilter> ParseListFilter(Argv words) {
  if (words.empty()) return ListFilter{};
  if (words.size() != 3 || !EqualsIgnoreCase(words[0], "filterby")) return SyntaxError();
  ListFilter filter{.argument = words[2]};
  if (EqualsIgnoreCase(words[1], "module")) {
    filter.kind = ListFilter::Kind::kModule;
  } else if (EqualsIgnoreCase(words[1], "aclcat")) {
    filter.kind = ListFilter::Kind::kAclCategory;
  } else if (EqualsIgnoreCase(words[1], "pattern")) {
    filter.kind = ListFilter::Kind::kPattern;
  } else {
    return SyntaxError();
  }
  return filter;
}

void CommandList(CommandContext& ctx) {
  const Expected<ListFilter> filter = ParseListFilter(ctx.args.subspan(2));
  if (!filter) return ctx.reply.Error(filter.error());
  std::vector<const Command*> kept;
  for (const Command& command : CommandTable::Get().all()) {
    if (filter->Keeps(command)) kept.push_back(&command);
  }
  ctx.reply.Array(kept.size());
  for (const Command* command : kept) ctx.reply.Bulk(command->full_name);
}

// The keys of the command that follows, or Redis' error for why it has none.
Expected<std::vector<KeyPosition>> KeysOf(Argv argv) {
  const Command* command = FindByWords(argv);
  if (command == nullptr) {
    return MakeError(ErrorCode::kUnknownCommand, "ERR Invalid command specified");
  }
  const CommandSpec& spec = *command->spec;
  if (spec.keys.first == 0) {
    return MakeError(ErrorCode::kGeneric, "ERR The command has no key arguments");
  }
  const bool fits = spec.arity > 0 ? argv.size() == static_cast<size_t>(spec.arity)
                                   : argv.size() >= static_cast<size_t>(-spec.arity);
  if (!fits) {
    return MakeError(ErrorCode::kSyntax, "ERR Invalid number of arguments specified for command");
  }
  return FindKeys(spec, argv);
}

void CommandGetKeys(CommandContext& ctx) {
  const Argv argv = ctx.args.subspan(2);
  const Expected<std::vector<KeyPosition>> keys = KeysOf(argv);
  if (!keys) return ctx.reply.Error(keys.error());
  ctx.reply.Array(keys->size());
  for (const KeyPosition& key : *keys) ctx.reply.Bulk(argv[key.index]);
}

void CommandGetKeysAndFlags(CommandContext& ctx) {
  const Argv argv = ctx.args.subspan(2);
  const Expected<std::vector<KeyPosition>> keys = KeysOf(argv);
  if (!keys) return ctx.reply.Error(keys.error());
  ctx.reply.Array(keys->size());
  for (const KeyPosition& key : *keys) {
    ctx.reply.Array(2);
    ctx.reply.Bulk(argv[key.index]);
    ReplyStatusSet(ctx.reply, KeyAccessNames(key.access));
  }
}

// A row takes the address of functions of its own file only: of others, g++ 12 with UBSan does not
// know while compiling that it is not null.
void CommandDocs(CommandContext& ctx) { ReplyCommandDocs(ctx); }

void CommandHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "(no subcommand)",
      "    Return details about all Redis commands.",
      "COUNT",
      "    Return the total number of commands in this Redis server.",
      "LIST",
      "    Return a list of all commands in this Redis server.",
      "INFO [<command-name> ...]",
      "    Return details about multiple Redis commands.",
      "    If no command names are given, documentation details for all",
      "    commands are returned.",
      "DOCS [<command-name> ...]",
      "    Return documentation details about multiple Redis commands.",
      "    If no command names are given, documentation details for all",
      "    commands are returned.",
      "GETKEYS <full-command>",
      "    Return the keys from a full Redis command.",
      "GETKEYSANDFLAGS <full-command>",
      "    Return the keys and the access flags from a full Redis command.",
  };
  ReplyHelp(ctx.reply, "COMMAND", kLines);
}

constexpr uint32_t kAnyTime = kLoading | kStale;
constexpr std::string_view kPerCommand = "O(N) where N is the number of commands.";

constexpr CommandSpec kSubcommands[] = {
    {.name = "count",
     .arity = 2,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns the number of commands.",
     .complexity = "O(1)",
     .handler = CommandCount},
    {.name = "docs",
     .arity = -2,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "7.0.0",
     .summary = "Returns the documentation of commands.",
     .complexity = kPerCommand,
     .syntax = "[command-name [command-name ...]]",
     .handler = CommandDocs,
     .tips = "nondeterministic_output_order"},
    {.name = "getkeys",
     .arity = -3,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns the keys of a command.",
     .complexity = "O(N) where N is the number of words of the command.",
     .syntax = "command [arg [arg ...]]",
     .handler = CommandGetKeys},
    {.name = "getkeysandflags",
     .arity = -3,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "7.0.0",
     .summary = "Returns the keys of a command and what it does with each.",
     .complexity = "O(N) where N is the number of words of the command.",
     .syntax = "command [arg [arg ...]]",
     .handler = CommandGetKeysAndFlags},
    {.name = "help",
     .arity = 2,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "5.0.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = CommandHelp},
    {.name = "info",
     .arity = -2,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns what the server knows of commands.",
     .complexity = kPerCommand,
     .syntax = "[command-name [command-name ...]]",
     .handler = CommandInfo,
     .tips = "nondeterministic_output_order"},
    {.name = "list",
     .arity = -2,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "7.0.0",
     .summary = "Returns the names of commands.",
     .complexity = kPerCommand,
     .syntax = "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
     .handler = CommandList,
     .tips = "nondeterministic_output_order"},
};

constexpr CommandSpec kRows[] = {
    {.name = "command",
     .arity = -1,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns what the server knows of all commands.",
     .complexity = kPerCommand,
     .handler = CommandAll,
     .subcommands = kSubcommands,
     .tips = "nondeterministic_output_order"},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> CommandCommands() { return kRows; }

}  // namespace duet::commands
