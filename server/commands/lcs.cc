// LCS: the longest common subsequence of two strings, by the textbook table of the lengths for all
// pairs of prefixes, walked back from the end. The table is (n + 1)(m + 1) numbers of 4 bytes, and
// as in Redis may take as much memory as one argument may (proto-max-bulk-len).
#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

struct LcsOptions {
  bool length_only = false;
  bool indexes = false;
  bool with_match_length = false;
  int64_t min_match_length = 0;
};

Expected<LcsOptions> ParseLcsOptions(Argv args) {
  LcsOptions options;
  for (size_t i = 3; i < args.size(); ++i) {
    if (EqualsIgnoreCase(args[i], "idx")) {
      options.indexes = true;
    } else if (EqualsIgnoreCase(args[i], "len")) {
      options.length_only = true;
    } else if (EqualsIgnoreCase(args[i], "withmatchlen")) {
      options.with_match_length = true;
    } else if (EqualsIgnoreCase(args[i], "minmatchlen") && i + 1 < args.size()) {
      const auto length = ParseInt64(args[++i]);
      if (!length) return NotAnInteger();
      options.min_match_length = std::max<int64_t>(*length, 0);
    } else {
      return SyntaxError();
    }
  }
  if (options.indexes && options.length_only) {
    return MakeError(ErrorCode::kSyntax,
                     "ERR If you want both the length and indexes, please just use IDX.");
  }
  return options;
}

// Bytes first_begin ... first_begin + length - 1 of the one string equal those of the other.
struct Match {
  size_t first_begin;
  size_t second_begin;
  size_t length;
};

class LcsTable {
 public:
  // REQUIRES: `cells` has CellCount(a, b) elements.
  LcsTable(std::string_view a, std::string_view b, uint32_t* cells) : a_(a), b_(b), cells_(cells) {
    for (size_t j = 0; j <= b.size(); ++j) At(0, j) = 0;
    for (size_t i = 1; i <= a.size(); ++i) {
      At(i, 0) = 0;
      for (size_t j = 1; j <= b.size(); ++j) {
        At(i, j) =
            a[i - 1] == b[j - 1] ? At(i - 1, j - 1) + 1 : std::max(At(i - 1, j), At(i, j - 1));
      }
    }
  }

  static uint64_t CellCount(std::string_view a, std::string_view b) {
    return (uint64_t{a.size()} + 1) * (uint64_t{b.size()} + 1);
  }

  uint32_t length() const { return At(a_.size(), b_.size()); }

  // The runs of common bytes, from the last to the first.
  std::vector<Match> Matches() const {
    std::vector<Match> matches;
    bool in_run = false;
    for (size_t i = a_.size(), j = b_.size(); i > 0 && j > 0;) {
      if (a_[i - 1] == b_[j - 1]) {
        --i;
        --j;
        if (in_run) {
          matches.back() = {i, j, matches.back().length + 1};
        } else {
          matches.push_back({i, j, 1});
        }
        in_run = true;
        continue;
      }
      At(i - 1, j) > At(i, j - 1) ? --i : --j;
      in_run = false;
    }
    return matches;
  }

 private:
  uint32_t& At(size_t i, size_t j) { return cells_[i * (b_.size() + 1) + j]; }
  uint32_t At(size_t i, size_t j) const { return cells_[i * (b_.size() + 1) + j]; }

  std::string_view a_;
  std::string_view b_;
  uint32_t* cells_;
};

void ReplyRange(ReplyWriter& reply, size_t begin, size_t length) {
  reply.Array(2);
  reply.Integer(static_cast<int64_t>(begin));
  reply.Integer(static_cast<int64_t>(begin + length - 1));
}

void ReplyIndexes(ReplyWriter& reply, const LcsTable& table, const LcsOptions& options) {
  std::vector<Match> matches = table.Matches();
  std::erase_if(matches, [&options](const Match& match) {
    return match.length < static_cast<uint64_t>(options.min_match_length);
  });
  reply.Map(2);
  reply.Bulk("matches");
  reply.Array(matches.size());
  for (const Match& match : matches) {
    reply.Array(options.with_match_length ? 3 : 2);
    ReplyRange(reply, match.first_begin, match.length);
    ReplyRange(reply, match.second_begin, match.length);
    if (options.with_match_length) reply.Integer(static_cast<int64_t>(match.length));
  }
  reply.Bulk("len");
  reply.Integer(table.length());
}

void ReplySubsequence(ReplyWriter& reply, const LcsTable& table, std::string_view a) {
  const std::vector<Match> matches = table.Matches();
  std::string common;
  common.reserve(table.length());
  for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
    common.append(a.substr(match->first_begin, match->length));
  }
  reply.Bulk(common);
}

void ReplyOutOfMemory(ReplyWriter& reply, std::string_view why) {
  reply.Error(MakeError(ErrorCode::kLimit, std::string("ERR Insufficient memory, ").append(why)));
}

// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]
void Lcs(CommandContext& ctx) {
  const store::Entry* first = ctx.Read(ctx.keys[0]);
  const store::Entry* second = ctx.Read(ctx.keys[1]);
  for (const store::Entry* entry : {first, second}) {
    if (entry == nullptr || entry->type() == store::ValueType::kString) continue;
    return ctx.reply.Error(
        MakeError(ErrorCode::kWrongType, "ERR The specified keys must contain string values"));
  }
  const auto options = ParseLcsOptions(ctx.args);
  if (!options.ok()) return ctx.reply.Error(options.error());

  store::IntegerText scratch[2];
  const std::string_view a = first == nullptr ? "" : first->StringView(scratch[0]);
  const std::string_view b = second == nullptr ? "" : second->StringView(scratch[1]);
  const uint64_t cell_count = LcsTable::CellCount(a, b);
  if (cell_count > ctx.server.limits->max_bulk_bytes / sizeof(uint32_t)) {
    return ReplyOutOfMemory(ctx.reply, "transient memory for LCS exceeds proto-max-bulk-len");
  }
  const std::unique_ptr<uint32_t[]> cells(new (std::nothrow) uint32_t[cell_count]);
  if (cells == nullptr) {
    return ReplyOutOfMemory(ctx.reply, "failed allocating transient memory for LCS");
  }
  const LcsTable table(a, b, cells.get());
  if (options->indexes) {
    ReplyIndexes(ctx.reply, table, *options);
  } else if (options->length_only) {
    ctx.reply.Integer(table.length());
  } else {
    ReplySubsequence(ctx.reply, table, a);
  }
}

constexpr CommandSpec kRows[] = {
    {.name = "lcs",
     .arity = -3,
     .flags = kReadOnly,
     .keys = {.first = 1, .last = 2, .step = 1, .access = kKeyRO | kKeyAccess},
     .acl = kAclString,
     .group = "string",
     .since = "7.0.0",
     .summary = "Returns the longest common subsequence of two strings.",
     .complexity = "O(N*M) where N and M are the lengths of the strings.",
     .syntax = "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
     .handler = Lcs},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> LcsCommands() { return kRows; }

}  // namespace duet::commands
