// A command's row: everything about it but the code. Arity, key locking, ACL, metrics labels,
// COMMAND, COMMAND DOCS, CLI help and the README's table are derived from it.
//
// When you add a command: write the handler and its row in the family's file, and its cases in
// tests/commands/<family>_test.cc. Nothing else. (A family's rows are listed in command_table.cc.)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace duet::commands {

struct CommandContext;
using Handler = void (*)(CommandContext&);

// Flags, as COMMAND prints them.
enum CommandFlag : uint32_t {
  kWrite = 1u << 0,
  kReadOnly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kFast = 1u << 11,
  kNoAuth = 1u << 12,
  kNoMulti = 1u << 15,
  kMovableKeys = 1u << 16,
  kAllowBusy = 1u << 17,
  // Not printed.
  kMayReplicate = 1u << 23,  // CLIENT PAUSE WRITE holds it, though it writes no key (PUBLISH)
  kAllShards = 1u << 24,     // the dispatcher locks every shard (FLUSHALL, SWAPDB)
  kConnectionOnly =
      1u << 25,  // has no meaning in a unary call (HELLO, SELECT, CLIENT SETNAME, ...)
  kWhileSubscribed = 1u << 26,  // RESP2 allows it while the client listens to a channel
  kNotQueued = 1u << 27,        // executed at once though the session is between MULTI and EXEC
  kKeepsAccess = 1u << 28,      // looks at keys without using them (TTL, OBJECT): LRU, LFU
  kTouches = 1u << 29,          // uses keys even with CLIENT NO-TOUCH ON (TOUCH)
  kProtected = 1u << 30,        // RefuseProtected says who may call it (DEBUG, MODULE LOAD)
};

// ACL categories, as COMMAND prints them ("@read", ...).
enum AclCategory : uint32_t {
  kAclKeyspace = 1u << 0,
  kAclRead = 1u << 1,
  kAclWrite = 1u << 2,
  kAclSet = 1u << 3,
  kAclSortedSet = 1u << 4,
  kAclList = 1u << 5,
  kAclHash = 1u << 6,
  kAclString = 1u << 7,
  kAclBitmap = 1u << 8,
  kAclHyperLogLog = 1u << 9,
  kAclGeo = 1u << 10,
  kAclStream = 1u << 11,
  kAclPubsub = 1u << 12,
  kAclAdmin = 1u << 13,
  kAclFast = 1u << 14,
  kAclSlow = 1u << 15,
  kAclBlocking = 1u << 16,
  kAclDangerous = 1u << 17,
  kAclConnection = 1u << 18,
  kAclTransaction = 1u << 19,
  kAclScripting = 1u << 20,
};

// What a command does with its keys; COMMAND's key specifications print it.
enum KeyAccess : uint16_t {
  kKeyRO = 1u << 0,
  kKeyRW = 1u << 1,
  kKeyOW = 1u << 2,      // overwrites
  kKeyRM = 1u << 3,      // removes
  kKeyAccess = 1u << 4,  // returns or copies the value
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyVariable = 1u << 8,  // VARIABLE_FLAGS
  kKeyNotKey = 1u << 9,    // of `channels` only
};

// Which arguments are keys: first, first + step, ... last (negative: from the end). first = 0:
// none. Two rows of it serve commands whose keys are accessed differently (COPY, RENAME).
struct KeySpec {
  int16_t first = 0;
  int16_t last = 0;
  int16_t step = 0;
  uint16_t access = 0;
};

struct CommandSpec {
  std::string_view name{};  // lower case; a subcommand's is its own word ("info")
  int arity = 0;            // words, name included; negative: at least. Of a subcommand: the
                            // container's name counts too (CLIENT ID: 2)
  uint32_t flags = 0;       // CommandFlag
  KeySpec keys{};
  KeySpec more_keys{};            // a second run of keys with another access; first = 0: none
  KeySpec channels{};             // shard channels, which COMMAND shows as keys; none in the store
  uint32_t acl = 0;               // AclCategory, beyond those that the flags imply
  std::string_view group{};       // "string", "generic", "connection", "server"
  std::string_view since{};       // first Redis version that has it
  std::string_view summary{};     // one sentence
  std::string_view complexity{};  // "O(1)"
  // The arguments as redis.io writes them, without the name: "key value [NX | XX] [GET]".
  // COMMAND DOCS' argument tree is parsed from it.
  std::string_view syntax{};
  Handler handler = nullptr;  // null for a pure container (CLIENT, CONFIG)
  std::span<const CommandSpec> subcommands{};
  std::string_view tips{};              // COMMAND's tips, separated by spaces
  std::string_view key_notes{};         // what COMMAND says of `keys` where their access surprises
  std::string_view deprecated_since{};  // first Redis version that discourages it
  std::string_view replaced_by{};       // and what it recommends instead
};

}  // namespace duet::commands
