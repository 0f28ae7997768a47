// Conditions on what a key holds now: SET's and DELEX' IFEQ, IFNE, IFDEQ and IFDNE of Redis 8.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/api/error.h"
#include "server/store/entry.h"

namespace duet::commands {

enum class Comparison : uint8_t { kEqual, kNotEqual, kDigestEqual, kDigestNotEqual };

struct ValueCondition {
  Comparison comparison = Comparison::kEqual;
  std::string_view operand;  // a value, or the digest of one in hex
};

// The comparison of an option's name, in any case of letters; empty: not one of them.
std::optional<Comparison> ParseComparison(std::string_view option);
// The error of a malformed digest, if the condition compares digests.
std::optional<Error> CheckDigest(const ValueCondition& condition);
// REQUIRES: `entry` is a string; CheckDigest gave no error.
bool Holds(const ValueCondition& condition, const store::Entry& entry);
// The condition's answer for a key that does not exist: SET creates it for the negative ones.
bool HoldsForMissing(const ValueCondition& condition);

// XXH3 of `value` without a seed, as 16 lower-case hexadecimal digits.
std::string DigestText(std::string_view value);

}  // namespace duet::commands
