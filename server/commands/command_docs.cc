#include "server/commands/command_docs.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "server/commands/command_docs_syntax.h"
#include "server/commands/command_info_lookup.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"

namespace duet::commands {
namespace {

void ReplyPair(ReplyWriter& reply, std::string_view name, std::string_view value) {
  reply.Bulk(name);
  reply.Bulk(value);
}

void ReplyFlags(ReplyWriter& reply, const Argument& argument) {
  reply.Bulk("flags");
  reply.Set((argument.optional ? 1u : 0u) + (argument.multiple ? 1u : 0u) +
            (argument.multiple_token ? 1u : 0u));
  if (argument.optional) reply.SimpleString("optional");
  if (argument.multiple) reply.SimpleString("multiple");
  if (argument.multiple_token) reply.SimpleString("multiple_token");
}

void ReplyArguments(ReplyWriter& reply, const std::vector<Argument>& arguments) {
  reply.Array(arguments.size());
  for (const Argument& argument : arguments) {
    const bool is_leaf = argument.children.empty();
    const bool is_key = argument.key_spec_index >= 0;
    const bool has_flags = argument.optional || argument.multiple;
    // Name and type; a leaf's display text or else the children; the rest where there is one.
    reply.Map(3 + (is_key ? 1u : 0u) + (argument.token.empty() ? 0u : 1u) + (has_flags ? 1u : 0u));
    ReplyPair(reply, "name", argument.name);
    ReplyPair(reply, "type", ArgumentTypeName(argument.type));
    if (is_leaf) ReplyPair(reply, "display_text", argument.name);
    if (is_key) {
      reply.Bulk("key_spec_index");
      reply.Integer(argument.key_spec_index);
    }
    if (!argument.token.empty()) ReplyPair(reply, "token", argument.token);
    if (has_flags) ReplyFlags(reply, argument);
    if (!is_leaf) {
      reply.Bulk("arguments");
      ReplyArguments(reply, argument.children);
    }
  }
}

void ReplyDeprecation(ReplyWriter& reply, const CommandSpec& spec) {
  reply.Bulk("doc_flags");
  reply.Set(1);
  reply.SimpleString("deprecated");
  ReplyPair(reply, "deprecated_since", spec.deprecated_since);
  ReplyPair(reply, "replaced_by", spec.replaced_by);
}

void ReplyDocs(ReplyWriter& reply, const Command& command) {
  const CommandSpec& spec = *command.spec;
  const int first_position = command.container == nullptr ? 1 : 2;
  const std::optional<std::vector<Argument>> parsed = ParseSyntax(spec, first_position);
  const bool has_arguments = parsed && !parsed->empty();
  const bool is_deprecated = !spec.deprecated_since.empty();
  const bool is_container = !command.subcommands.empty();
  reply.Bulk(command.full_name);
  reply.Map(4 + (is_deprecated ? 3u : 0u) + (has_arguments ? 1u : 0u) + (is_container ? 1u : 0u));
  ReplyPair(reply, "summary", spec.summary);
  ReplyPair(reply, "since", spec.since);
  ReplyPair(reply, "group", spec.group);
  ReplyPair(reply, "complexity", spec.complexity);
  if (is_deprecated) ReplyDeprecation(reply, spec);
  if (has_arguments) {
    reply.Bulk("arguments");
    ReplyArguments(reply, *parsed);
  }
  if (is_container) {
    reply.Bulk("subcommands");
    reply.Map(command.subcommands.size());
    for (const Command* subcommand : command.subcommands) ReplyDocs(reply, *subcommand);
  }
}

}  // namespace

void ReplyCommandDocs(CommandContext& ctx) {
  std::vector<const Command*> wanted;
  for (const std::string_view name : ctx.args.subspan(2)) {
    if (const Command* command = FindFullName(name)) wanted.push_back(command);
  }
  if (ctx.args.size() == 2) {
    for (const Command& command : TopLevelCommands()) wanted.push_back(&command);
  }
  ctx.reply.Map(wanted.size());
  for (const Command* command : wanted) ReplyDocs(ctx.reply, *command);
}

}  // namespace duet::commands
