#include "server/commands/secret_words.h"

#include <algorithm>
#include <cstddef>

#include "server/base/numbers.h"
#include "server/commands/command_table.h"

namespace duet::commands {
namespace {

constexpr std::string_view kRedacted = "(redacted)";

// Settings that hold secrets, here or in a Redis that the client takes this server for.
constexpr std::string_view kSecretSettings[] = {"requirepass", "masterauth", "masteruser",
                                                "tls-key-file-pass"};

bool IsSecretSetting(std::string_view name) {
  return std::any_of(std::begin(kSecretSettings), std::end(kSecretSettings),
                     [name](std::string_view secret) { return EqualsIgnoreCase(name, secret); });
}

void Redact(std::vector<std::string_view>& words, size_t begin, size_t count) {
  for (size_t i = begin; i < std::min(begin + count, words.size()); ++i) words[i] = kRedacted;
}

}  // namespace

std::vector<std::string_view> WithoutSecrets(const Command& command, Argv argv) {
  std::vector<std::string_view> words(argv.begin(), argv.end());
  const std::string_view name = command.full_name;
  if (name == "auth") {
    Redact(words, 1, words.size());
  } else if (name == "hello") {
    for (size_t i = 2; i < words.size(); ++i) {
      if (!EqualsIgnoreCase(words[i], "auth")) continue;
      Redact(words, i + 1, 2);
      i += 2;
    }
  } else if (name == "config|set") {
    for (size_t i = 2; i + 1 < words.size(); i += 2) {
      if (IsSecretSetting(words[i])) Redact(words, i + 1, 1);
    }
  }
  return words;
}

}  // namespace duet::commands
