#include "server/commands/command_docs_syntax.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/commands/command_table.h"

namespace duet::commands {
namespace {

// "name:type", with "TOKEN " before it, "?" for optional, "+" for multiple, "++" for multiple with
// its token, "@i" for a key of specification i, and the children in braces.
std::string Describe(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& argument : arguments) {
    if (!text.empty()) text += ", ";
    if (!argument.token.empty()) text += argument.token + " ";
    text += argument.name + ":" + std::string(ArgumentTypeName(argument.type));
    if (argument.key_spec_index >= 0) text += "@" + std::to_string(argument.key_spec_index);
    if (argument.optional) text += "?";
    if (argument.multiple) text += argument.multiple_token ? "++" : "+";
    if (!argument.children.empty()) text += "{" + Describe(argument.children) + "}";
  }
  return text;
}

std::string Parsed(CommandSpec spec, int first_position = 1) {
  const auto arguments = ParseSyntax(spec, first_position);
  return arguments ? Describe(*arguments) : "malformed";
}

std::string Parsed(std::string_view syntax) { return Parsed(CommandSpec{.syntax = syntax}); }

TEST(ParseSyntaxTest, NoArguments) { EXPECT_EQ(Parsed(""), ""); }

TEST(ParseSyntaxTest, PlainNamesGetTheirTypesFromTheirNames) {
  EXPECT_EQ(Parsed("message"), "message:string");
  EXPECT_EQ(Parsed("index1 index2"), "index1:integer, index2:integer");
  EXPECT_EQ(Parsed("pattern"), "pattern:pattern");
  EXPECT_EQ(Parsed("unix-time-seconds"), "unix-time-seconds:unix-time");
  EXPECT_EQ(Parsed(CommandSpec{.name = "incrby", .syntax = "increment"}), "increment:integer");
  EXPECT_EQ(Parsed(CommandSpec{.name = "incrbyfloat", .syntax = "increment"}), "increment:double");
}

TEST(ParseSyntaxTest, OptionalArguments) {
  EXPECT_EQ(Parsed("[username] password"), "username:string?, password:string");
  EXPECT_EQ(Parsed("[REPLACE]"), "REPLACE replace:pure-token?");
  EXPECT_EQ(Parsed("[DB destination-db]"), "DB destination-db:integer?");
}

TEST(ParseSyntaxTest, Choices) {
  EXPECT_EQ(Parsed("[NX | XX]"), "nx_xx:oneof?{NX nx:pure-token, XX xx:pure-token}");
  EXPECT_EQ(Parsed("<LIB-NAME libname | LIB-VER libver>"),
            "libname_libver:oneof{LIB-NAME libname:string, LIB-VER libver:string}");
  EXPECT_EQ(Parsed("[EX seconds | KEEPTTL]"),
            "seconds_keepttl:oneof?{EX seconds:integer, KEEPTTL keepttl:pure-token}");
}

TEST(ParseSyntaxTest, ATokenBeforeAChoice) {
  EXPECT_EQ(Parsed("[FILTERBY <MODULE module-name | PATTERN pattern>]"),
            "FILTERBY module-name_pattern:oneof?{MODULE module-name:string, PATTERN "
            "pattern:pattern}");
}

TEST(ParseSyntaxTest, ATokenWithSeveralNamesIsABlock) {
  EXPECT_EQ(Parsed("LIMIT offset count"),
            "LIMIT offset_count:block{offset:integer, count:integer}");
  EXPECT_EQ(Parsed("[protover [AUTH username password] [SETNAME clientname]]"),
            "protover_username_password_clientname:block?{protover:integer, AUTH "
            "username_password:block?{username:string, password:string}, SETNAME "
            "clientname:string?}");
}

TEST(ParseSyntaxTest, Repetitions) {
  EXPECT_EQ(Parsed("key [key ...]"), "key:string+");
  EXPECT_EQ(Parsed("[section [section ...]]"), "section:string?+");
  EXPECT_EQ(Parsed("parameter value [parameter value ...]"),
            "parameter_value:block+{parameter:string, value:string}");
  EXPECT_EQ(Parsed("[ID client-id [client-id ...]]"), "ID client-id:integer?+");
  EXPECT_EQ(Parsed("[PREFIX prefix [PREFIX prefix ...]]"), "PREFIX prefix:string?++");
  EXPECT_EQ(Parsed("command [arg [arg ...]]"), "command:string, arg:string?+");
}

TEST(ParseSyntaxTest, KeysAreThoseOfTheKeyPositions) {
  const KeySpec all = {.first = 1, .last = -1, .step = 1, .access = kKeyRO};
  const KeySpec pairs = {.first = 1, .last = -1, .step = 2, .access = kKeyOW};
  const KeySpec first = {.first = 1, .last = 1, .step = 1, .access = kKeyRO};
  const KeySpec second = {.first = 2, .last = 2, .step = 1, .access = kKeyOW};
  const KeySpec two = {.first = 1, .last = 2, .step = 1, .access = kKeyRO};
  EXPECT_EQ(Parsed({.keys = all, .syntax = "key [key ...]"}), "key:key@0+");
  EXPECT_EQ(Parsed({.keys = pairs, .syntax = "key value [key value ...]"}),
            "key_value:block+{key:key@0, value:string}");
  EXPECT_EQ(Parsed({.keys = first, .more_keys = second, .syntax = "source destination [REPLACE]"}),
            "source:key@0, destination:key@1, REPLACE replace:pure-token?");
  EXPECT_EQ(Parsed({.keys = two, .syntax = "key1 key2 [LEN]"}),
            "key1:key@0, key2:key@0, LEN len:pure-token?");
  EXPECT_EQ(Parsed({.keys = first, .syntax = "key value [IFEQ value]"}),
            "key:key@0, value:string, IFEQ value:string?");
}

TEST(ParseSyntaxTest, ASubcommandsArgumentsBeginAtTwo) {
  const KeySpec keys = {.first = 2, .last = 2, .step = 1, .access = kKeyRO};
  EXPECT_EQ(Parsed({.keys = keys, .syntax = "key"}, 2), "key:key@0");
}

TEST(ParseSyntaxTest, BehindAnOptionalArgumentNoPositionIsCertain) {
  const KeySpec keys = {.first = 2, .last = 2, .step = 1, .access = kKeyRO};
  EXPECT_EQ(Parsed({.keys = keys, .syntax = "[LEN] key"}), "LEN len:pure-token?, key:string");
}

TEST(ParseSyntaxTest, Malformed) {
  for (const char* syntax : {"[", "]", "<a", "a |", "[]", "[a", "[a | ]", "a ...", "[a>", "<a]",
                             "[a ...]", "| a", "a ]"}) {
    EXPECT_EQ(Parsed(syntax), "malformed") << syntax;
  }
}

TEST(ParseSyntaxTest, EveryRowParses) {
  for (const Command& command : CommandTable::Get().all()) {
    const int first = command.container == nullptr ? 1 : 2;
    const auto arguments = ParseSyntax(*command.spec, first);
    ASSERT_TRUE(arguments.has_value()) << command.full_name << ": " << command.spec->syntax;
    EXPECT_EQ(arguments->empty(), command.spec->syntax.empty()) << command.full_name;
    // Where a row has keys, its syntax names them.
    if (command.spec->keys.first != 0) {
      EXPECT_NE(Describe(*arguments).find("@0"), std::string::npos) << command.full_name;
    }
  }
}

}  // namespace
}  // namespace duet::commands
