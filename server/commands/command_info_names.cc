#include "server/commands/command_info_names.h"

#include <cstddef>

#include "server/base/numbers.h"

namespace duet::commands {
namespace {

struct BitName {
  uint32_t bit;
  std::string_view name;
};

constexpr BitName kFlagNames[] = {
    {kWrite, "write"},
    {kReadOnly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubsub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipSlowlog, "skip_slowlog"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
};

constexpr BitName kAclNames[] = {
    {kAclKeyspace, "@keyspace"},
    {kAclRead, "@read"},
    {kAclWrite, "@write"},
    {kAclSet, "@set"},
    {kAclSortedSet, "@sortedset"},
    {kAclList, "@list"},
    {kAclHash, "@hash"},
    {kAclString, "@string"},
    {kAclBitmap, "@bitmap"},
    {kAclHyperLogLog, "@hyperloglog"},
    {kAclGeo, "@geo"},
    {kAclStream, "@stream"},
    {kAclPubsub, "@pubsub"},
    {kAclAdmin, "@admin"},
    {kAclFast, "@fast"},
    {kAclSlow, "@slow"},
    {kAclBlocking, "@blocking"},
    {kAclDangerous, "@dangerous"},
    {kAclConnection, "@connection"},
    {kAclTransaction, "@transaction"},
    {kAclScripting, "@scripting"},
};

constexpr BitName kAccessNames[] = {
    {kKeyRO, "RO"},          {kKeyRW, "RW"},         {kKeyOW, "OW"},
    {kKeyRM, "RM"},          {kKeyAccess, "access"}, {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},  {kKeyDelete, "delete"}, {kKeyVariable, "variable_flags"},
    {kKeyNotKey, "not_key"},
};

template <size_t N>
std::vector<std::string_view> NamesOf(const BitName (&table)[N], uint32_t bits) {
  std::vector<std::string_view> names;
  for (const BitName& entry : table) {
    if ((bits & entry.bit) != 0) names.push_back(entry.name);
  }
  return names;
}

// Redis' setImplicitACLCategories.
uint32_t AclCategories(const CommandSpec& spec) {
  uint32_t acl = spec.acl;
  if ((spec.flags & kWrite) != 0) acl |= kAclWrite;
  if ((spec.flags & kReadOnly) != 0 && (spec.acl & kAclScripting) == 0) acl |= kAclRead;
  if ((spec.flags & kAdmin) != 0) acl |= kAclAdmin | kAclDangerous;
  if ((spec.flags & kPubsub) != 0) acl |= kAclPubsub;
  if ((spec.flags & kBlocking) != 0) acl |= kAclBlocking;
  return acl | ((spec.flags & kFast) != 0 ? kAclFast : kAclSlow);
}

}  // namespace

std::vector<std::string_view> FlagNames(uint32_t flags) { return NamesOf(kFlagNames, flags); }

std::vector<std::string_view> AclCategoryNames(const CommandSpec& spec) {
  return NamesOf(kAclNames, AclCategories(spec));
}

std::vector<std::string_view> KeyAccessNames(uint16_t access) {
  return NamesOf(kAccessNames, access);
}

std::vector<std::string_view> AllAclCategories() {
  std::vector<std::string_view> names;
  for (const BitName& entry : kAclNames) names.push_back(entry.name.substr(1));
  return names;
}

std::optional<bool> IsInAclCategory(const CommandSpec& spec, std::string_view category) {
  for (const BitName& entry : kAclNames) {
    if (EqualsIgnoreCase(entry.name.substr(1), category)) {
      return (AclCategories(spec) & entry.bit) != 0;
    }
  }
  return std::nullopt;
}

}  // namespace duet::commands
